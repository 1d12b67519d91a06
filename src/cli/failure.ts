import { errorText, type PodtrustError } from "../base/index.ts";
import type { CommandContext } from "./context.ts";
import { cyan, dim, red, type Text, rich, type Writer } from "./terminal/index.ts";

function causes(error: unknown): string {
  const lines: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) lines.push(at.stack ?? errorText(at));
  return lines.join("\ncaused by ");
}

const indent = "error: ".length;

/** Words of several lines; what follows the first is indented, so that no value can pass for a line of ours. */
function sayLines(writer: Writer, title: Text, colon: string, words: string): void {
  const [first = "", ...rest] = words.split("\n");
  writer.line(rich`${title}${colon}${first}`);
  for (const line of rest) writer.line(" ".repeat(indent) + line);
}

/**
 * Says an error: on standard error as `error: message`, the next step and the code; with `--json` as the one
 * object on standard output. `-v` adds the causes with their stacks.
 */
export function sayFailure(context: CommandContext, error: PodtrustError): void {
  const { out, err } = context.screen;
  if (context.json) {
    const { code, message, next, detail } = error.toJSON();
    const extra = Object.keys(detail).length > 0 ? { detail } : {};
    out.json({ error: { code, message, next, ...extra } }, 2);
  } else {
    sayLines(err, red("error"), ": ", error.message);
    sayLines(err, cyan("next"), ":  ", error.next);
    err.line(dim(`code:  ${error.code}`));
  }
  if (context.verbose) for (const line of causes(error).split("\n")) err.line(line);
}
