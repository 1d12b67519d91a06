import type { CommandContext } from "./context.ts";
import { cyan, rich, type Writer } from "./terminal/index.ts";

/** A command that somebody will copy: broken in two by us, it would be another one. */
const command = /\b(?:podtrust|kubectl|aws|curl|export|timedatectl) \S/u;

/** Columns before `next:`, and behind it. */
interface Place {
  readonly indent?: number;
  readonly gap?: number;
}

/**
 * Says the next step. Commands of podtrust in it repeat where things are, and a step with a
 * command is left for the terminal to wrap.
 */
export function sayNext(
  context: CommandContext,
  writer: Pick<Writer, "line">,
  next: string,
  { indent = 0, gap = 1 }: Place = {},
): void {
  const said = rich`${" ".repeat(indent)}${cyan("next")}:${" ".repeat(gap)}${context.hint(next)}`;
  if (command.test(next)) writer.line(said);
  else writer.line(said, indent + "next:".length + gap);
}
