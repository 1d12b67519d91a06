export { keptLines } from "./kept.ts";
export { type DemoOptions, runDemo } from "./run.ts";
export type { Stage } from "./stage.ts";
export type { NotShown, Story, StoryEvent, StoryLink, StoryRefusal, StoryRotation, Tell } from "./story.ts";
