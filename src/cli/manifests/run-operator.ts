import { PodtrustError } from "../../core/base/index.ts";
import { type FailurePolicy, operatorObjects, type OperatorSpec } from "../../operator/index.ts";
import { type BoundParty, loadPartyManifests } from "../../rules/bindings/index.ts";
import type { CommandContext } from "../context.ts";
import { configOf } from "../options/config.ts";
import type { ReplicaOptions } from "../options/replicas.ts";
import { printObjects } from "./print-objects.ts";
import { printValues, replicasOf, whole } from "./replicas.ts";

/** What was typed. */
export interface OperatorManifestsOptions extends ReplicaOptions {
  readonly evictPerMinute?: string;
  /** False with --no-canary. */
  readonly canary: boolean;
  readonly bindings?: true;
  readonly for: readonly BoundParty[];
  readonly webhook?: true;
  readonly failurePolicy: FailurePolicy;
  readonly configMaps?: true;
  readonly roleMap: string;
  readonly role?: string;
  readonly keys?: string;
}

const noKeys = { config: "", provider: "", audience: "" } as const;

async function keysOf(
  context: CommandContext,
  { keys }: OperatorManifestsOptions,
): Promise<OperatorSpec["keys"]> {
  if (keys === undefined) return noKeys;
  const { keeperPods } = await import("../../publisher/index.ts");
  return keeperPods(await configOf(context, keys));
}

function roleOf({ role = "" }: OperatorManifestsOptions): string {
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html: the form, and not whether it is there.
  if (role === "" || /^arn:aws[\w-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,576}$/u.test(role)) return role;
  throw new PodtrustError("usage", `--role ${role}: it is no ARN of an IAM role`, {
    next: "Give one such as arn:aws:iam::111122223333:role/podtrust-operator.",
  });
}

async function specOf(context: CommandContext, options: OperatorManifestsOptions): Promise<OperatorSpec> {
  const { evictPerMinute, canary, webhook = false, failurePolicy } = options;
  const { configMaps = false, roleMap } = options;
  const bindings = options.bindings === true ? [...new Set(options.for)] : [];
  const rows = await loadPartyManifests(bindings);
  return {
    ...(await replicasOf(context, options)),
    evictPerMinute: evictPerMinute === undefined ? 0 : whole("--evict-per-minute", evictPerMinute, 9999),
    canary,
    bindings,
    tokens: rows.flatMap(({ ownToken }) => ownToken ?? []),
    webhook,
    failurePolicy,
    configMaps,
    roleMap,
    role: roleOf(options),
    keys: await keysOf(context, options),
  };
}

/** The chart has AWS's bindings always, and others where its values name them. */
const valuesOf = (bindings: readonly string[]): object => ({
  enabled: true,
  ...Object.fromEntries(bindings.filter((one) => one !== "aws").map((one) => [one, true])),
});

/** `podtrust manifests operator`: YAML for kubectl apply, or values for Helm; with `--json` the same as one List. */
export async function runOperatorManifests(
  context: CommandContext,
  options: OperatorManifestsOptions,
): Promise<void> {
  const spec = await specOf(context, options);
  const { bindings, tokens: _, ...operator } = spec;
  if (options.values !== true) printObjects(context, operatorObjects(spec));
  else
    printValues(context, "operator", operator, bindings.length > 0 ? { bindings: valuesOf(bindings) } : {});
}
