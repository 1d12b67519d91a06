import { defined } from "../../core/base/index.ts";
import { bindingManifests, type BoundParty, loadPartyManifests } from "../../rules/bindings/index.ts";
import type { PolicyMinor } from "../../rules/injection/index.ts";
import type { CommandContext } from "../context.ts";
import { printObjects } from "./print-objects.ts";

/** What was typed. */
export interface BindingsOptions {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly for: readonly BoundParty[];
  readonly audience?: readonly string[];
  readonly kubernetes: PolicyMinor;
}

/** `podtrust manifests bindings`: YAML for kubectl apply; with `--json` the same as one List. */
export async function runBindingManifests(context: CommandContext, options: BindingsOptions): Promise<void> {
  const { namespace, serviceAccount: name, audience: audiences, kubernetes } = options;
  const rows = await loadPartyManifests(options.for);
  const spec = { namespace, name, kubernetes, rows };
  printObjects(context, bindingManifests({ ...spec, ...defined({ audiences }) }));
}
