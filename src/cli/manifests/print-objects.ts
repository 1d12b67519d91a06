import { objectsYaml } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";

/** Objects as YAML for kubectl apply, after `comments` if there are some; with `--json` the same as one List. */
export function printObjects(
  { json, output }: Pick<CommandContext, "json" | "output">,
  items: readonly object[],
  comments = "",
): void {
  if (json) output.result({ apiVersion: "v1", kind: "List", items });
  else output.raw(comments + objectsYaml(items));
}
