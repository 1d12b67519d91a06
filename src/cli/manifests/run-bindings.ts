import { defined } from "../../core/base/index.ts";
import { bindingManifests } from "../../rules/bindings/index.ts";
import type { PolicyMinor } from "../../rules/injection/index.ts";
import type { CommandContext } from "../context.ts";
import { printObjects } from "./print-objects.ts";

/** What was typed. */
export interface BindingsOptions {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly audience?: readonly string[];
  readonly kubernetes: PolicyMinor;
}

/** `podtrust manifests bindings`: YAML for kubectl apply; with `--json` the same as one List. */
export function runBindingManifests(context: CommandContext, options: BindingsOptions): void {
  const { namespace, serviceAccount: name, audience: audiences, kubernetes } = options;
  const spec = { namespace, name, kubernetes };
  const items = bindingManifests({ ...spec, ...defined({ audiences }) });
  printObjects(context, items);
}
