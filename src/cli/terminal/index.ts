export { visible } from "./escape.ts";
export { ask, confirm, confirmName } from "./confirm.ts";
export { askText, canAsk } from "./question.ts";
export { type LogLevel, openLogger } from "./log.ts";
export { createOutput, type Output } from "./output.ts";
export { createProgress, type Progress, type Waiting } from "./progress.ts";
export { relativeTime } from "./relative-time.ts";
export { bold, cyan, dim, green, red, rich, type Text, unbroken, yellow } from "./text.ts";
export { openScreen, type Screen, type Writer } from "./writer.ts";
