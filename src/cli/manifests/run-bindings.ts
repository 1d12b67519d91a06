import { bindingManifests } from "../../bindings/index.ts";
import { objectsYaml } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";

/** What was typed. */
export interface BindingsOptions {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly audience?: readonly string[];
}

/** `podtrust manifests bindings`: YAML for kubectl apply; with `--json` the same as one List. */
export function runBindingManifests(context: CommandContext, options: BindingsOptions): void {
  const { namespace, serviceAccount: name, audience: audiences } = options;
  const items = bindingManifests({ namespace, name, ...(audiences === undefined ? {} : { audiences }) });
  if (context.json) context.output.result({ apiVersion: "v1", kind: "List", items });
  else context.output.raw(objectsYaml(items));
}
