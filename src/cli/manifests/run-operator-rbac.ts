import { type FailurePolicy, keysSecret, operatorManifests } from "../../operator/index.ts";
import { storeKeySecret } from "../../providers/kubernetes/index.ts";
import type { CommandContext } from "../context.ts";
import { printObjects } from "./print-objects.ts";

/** What was typed. */
export interface OperatorRbacOptions {
  readonly namespace: string;
  readonly name: string;
  readonly evict?: boolean;
  readonly webhook?: boolean;
  readonly failurePolicy: FailurePolicy;
  readonly configMaps?: true;
  readonly keys?: true;
  readonly roleMap: string;
}

/** `podtrust manifests operator-rbac`: YAML for kubectl apply; with `--json` the same as one List. */
export function runOperatorRbac(context: CommandContext, options: OperatorRbacOptions): void {
  const {
    namespace,
    name,
    evict = false,
    failurePolicy,
    configMaps = false,
    keys = false,
    roleMap,
  } = options;
  const webhook = options.webhook === true ? { webhook: { failurePolicy } } : {};
  const items = operatorManifests({ namespace, name, evict, configMaps, keys, roleMap, ...webhook });
  // There is no image for a Job that would make the key: a person fills it, as docs/how-to/gcp.md says.
  printObjects(context, keys ? [...items, storeKeySecret(keysSecret, { namespace })] : items);
}
