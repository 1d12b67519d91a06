export type { CommandContext } from "./context.ts";
export type { Host, TextSource, TextStream } from "./host.ts";
export type { ExitCode } from "./exit.ts";
export { run } from "./commands.ts";
