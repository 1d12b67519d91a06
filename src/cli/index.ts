export type { CommandContext } from "./context.ts";
export type { Host, TextSource, TextStream } from "../core/terminal/index.ts";
export type { ExitCode } from "../core/terminal/index.ts";
export { run } from "./commands.ts";
