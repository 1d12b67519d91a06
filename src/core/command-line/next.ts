import type { ActionContext } from "./context.ts";
import { cyan, rich, type Text, unbroken, type Writer } from "../terminal/index.ts";

/** A command: in backticks, or from its name to the end of the sentence. */
const command = /(`[^`]+`|\b(?:podtrust|kubectl|aws|curl|export|timedatectl) \S.*?(?=[.,;:] |[.,;:]?$))/u;

/** Text whose commands are not broken. */
function withCommands(said: string): readonly Text[] {
  return said.split(command).map((part, index) => (index % 2 === 0 ? part : unbroken(part)));
}

/** Columns before `next:`, and behind it. */
interface NextLayout {
  readonly indent?: number;
  readonly gap?: number;
}

/** Prints the next step. Commands of podtrust in it repeat where things are, and no command has a line break. */
export function printNext(
  context: ActionContext,
  writer: Pick<Writer, "line">,
  next: string,
  { indent = 0, gap = 1 }: NextLayout = {},
): void {
  const hint = withCommands(context.hint(next));
  const said = rich`${" ".repeat(indent)}${cyan("next")}:${" ".repeat(gap)}${hint}`;
  writer.line(said, indent + "next:".length + gap);
}
