import { withoutSecretMembers, withoutSecrets } from "../credentials/index.ts";
import { errorText, type PodtrustError } from "../base/index.ts";
import type { ActionContext } from "./context.ts";
import { printNext } from "./next.ts";
import { dim, red, rich } from "../terminal/index.ts";

function causes(error: unknown): string {
  const lines: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) lines.push(at.stack ?? errorText(at));
  return lines.join("\ncaused by ");
}

const indent = "error: ".length;

/**
 * Says an error: on standard error as `error: message`, the next step and the code; with `--json` as the one
 * object on standard output. `-v` adds the causes with their stacks.
 */
export function printFailure(context: ActionContext, error: PodtrustError): void {
  const { out, err } = context.screen;
  if (context.json) {
    const { code, message, detail } = error.toJSON();
    const next = context.hint(error.next);
    const extra = Object.keys(detail).length > 0 ? { detail } : {};
    const said = JSON.stringify({ error: { code, message, next, ...extra } }, withoutSecretMembers);
    out.json(JSON.parse(said) as object, 2);
  } else {
    // What follows the first line is indented, so that no value can pass for a line of ours.
    const [first = "", ...rest] = withoutSecrets(error.message).split("\n");
    err.line(rich`${red("error")}: ${first}`, indent);
    for (const line of rest) err.line(" ".repeat(indent) + line, indent + 4);
    printNext(context, err, error.next, { gap: 2 });
    err.line(dim(`code:  ${error.code}`));
  }
  if (context.verbose) for (const line of withoutSecrets(causes(error)).split("\n")) err.line(line);
}
