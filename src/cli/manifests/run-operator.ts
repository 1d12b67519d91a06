import { PodtrustError } from "../../core/base/index.ts";
import {
  googleAnnotations,
  googleAudience as ofGoogle,
  type TokenTaker,
} from "../../rules/injection/index.ts";
import { type FailurePolicy, operatorObjects, type OperatorSpec } from "../../operator/index.ts";
import { type BoundParty, loadPartyManifests } from "../../rules/bindings/index.ts";
import { roleArnForm } from "../../rules/oidc/index.ts";
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
  readonly googleProvider?: string;
  readonly googleAudience?: string;
  readonly keys?: string;
}

/** The provider at Google for the operator's own token; undefined if none was named. Throws `usage`. */
function typedTaker({
  googleProvider: provider,
  googleAudience,
}: OperatorManifestsOptions): TokenTaker | undefined {
  const { "workload-identity-provider": form, audience: audienceForm } = googleAnnotations;
  if (provider === undefined) {
    if (googleAudience === undefined) return undefined;
    throw new PodtrustError("usage", "--google-audience is for the provider of --google-provider", {
      next: "Give that too, or leave both out.",
    });
  }
  if (!form.pattern.test(provider))
    throw new PodtrustError("usage", `--google-provider ${provider}: it is no name of a provider`, {
      next: "Give one such as projects/123456789012/locations/global/workloadIdentityPools/prod/providers/prod, with the project's number.",
    });
  const audience = googleAudience ?? `${ofGoogle}${provider}`;
  if (audienceForm.pattern.test(audience)) return { provider, audience };
  throw new PodtrustError("usage", `--google-audience ${audience}: it is no audience`, {
    next: "Give 1 to 256 characters without white space: one of the provider's audiences.",
  });
}

/** A config's keys, and the provider for the token that uploads them, if another was named. */
async function keysOf(
  context: CommandContext,
  options: OperatorManifestsOptions,
): Promise<Pick<OperatorSpec, "google" | "keys">> {
  const typed = typedTaker(options);
  if (options.keys === undefined) return { keys: "", google: typed ?? { provider: "", audience: "" } };
  const { keeperPods } = await import("../../publisher/index.ts");
  const { config: keys, ...first } = await keeperPods(await configOf(context, options.keys));
  return { keys, google: typed ?? first };
}

function roleOf({ role = "" }: OperatorManifestsOptions): string {
  // Checks the form, not whether it exists.
  if (role === "" || roleArnForm.test(role)) return role;
  throw new PodtrustError("usage", `--role ${role}: it is no ARN of an IAM role`, {
    next: "Give one such as arn:aws:iam::111122223333:role/podtrust-operator.",
  });
}

async function specOf(context: CommandContext, options: OperatorManifestsOptions): Promise<OperatorSpec> {
  const { evictPerMinute, canary, webhook = false, failurePolicy } = options;
  const { configMaps = false, roleMap } = options;
  const bindings = options.bindings === true ? [...new Set(options.for)] : [];
  const rows = await loadPartyManifests(bindings);
  const replicas = await replicasOf(context, options);
  if (replicas.pods.hostNetwork && !webhook)
    throw new PodtrustError("usage", "hostNetwork of the settings of pods is for the webhook alone", {
      next: "Give --webhook too, or leave hostNetwork out.",
    });
  return {
    ...replicas,
    evictPerMinute: evictPerMinute === undefined ? 0 : whole("--evict-per-minute", evictPerMinute, 9999),
    canary,
    bindings,
    tokens: rows.flatMap(({ ownToken }) => ownToken ?? []),
    webhook,
    failurePolicy,
    configMaps,
    roleMap,
    role: roleOf(options),
    ...(await keysOf(context, options)),
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
