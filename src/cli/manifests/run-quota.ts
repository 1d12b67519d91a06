import { type BoundParty, tenantQuota } from "../../rules/bindings/index.ts";
import type { CommandContext } from "../context.ts";
import { printObjects } from "./print-objects.ts";
import { whole } from "./replicas.ts";

/** What was typed. */
export interface QuotaOptions {
  readonly namespace: readonly string[];
  readonly bindings: string;
  readonly for: readonly BoundParty[];
  readonly serviceAccounts: string;
}

/** `podtrust manifests quota`: YAML for kubectl apply; with `--json` the same as one List. */
export function runQuota(context: CommandContext, options: QuotaOptions): void {
  const bindings = whole("--bindings", options.bindings, 10_000);
  const serviceAccounts = whole("--service-accounts", options.serviceAccounts, 10_000);
  const spec = { bindings, parties: options.for, serviceAccounts };
  const items = options.namespace.map((namespace) => tenantQuota({ namespace, ...spec }));
  printObjects(context, items);
}
