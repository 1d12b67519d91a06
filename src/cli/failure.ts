import { errorText, type PodtrustError } from "../base/index.ts";
import type { CommandContext } from "./context.ts";
import { styleOf, wantsColor } from "./terminal/style.ts";

function causes(error: unknown): string {
  const lines: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) lines.push(at.stack ?? errorText(at));
  return lines.join("\ncaused by ");
}

/**
 * Says an error: on standard error as `error: message`, the next step and the code; with `--json` as the one
 * object on standard output. `-v` adds the causes with their stacks.
 */
export function sayFailure(context: CommandContext, error: PodtrustError): void {
  if (context.json) {
    const { code, message, next, detail } = error.toJSON();
    const extra = Object.keys(detail).length > 0 ? { detail } : {};
    context.stdout.write(`${JSON.stringify({ error: { code, message, next, ...extra } }, undefined, 2)}\n`);
  } else {
    const style = styleOf(wantsColor(context.env, context.stderr));
    context.stderr.write(`${style.red("error")}: ${error.message}\n`);
    context.stderr.write(`${style.cyan("next")}:  ${error.next}\n`);
    context.stderr.write(style.dim(`code:  ${error.code}`) + "\n");
  }
  if (context.verbose) context.stderr.write(`${causes(error)}\n`);
}
