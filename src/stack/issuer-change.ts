import { PodtrustError } from "../core/base/index.ts";
import type { Config } from "../config/index.ts";
import { iamProviderKey } from "../rules/oidc/index.ts";
import type { Observed, Resource } from "../rules/plan/index.ts";
import type { Goal } from "./parts/index.ts";

/** Resources, each with what was found of it. */
export type ObservedResources = readonly (readonly [resource: Resource, observed: Observed])[];

/** What was found of a stack's resources. */
export interface IssuerUses {
  readonly config: Pick<Config, "issuer" | "named" | "publisher" | "stack">;
  readonly goal: Goal;
  /** What the run wants: it is for the config's issuer afterwards. */
  readonly wanted: ObservedResources;
  /** What the config no longer has, or this run leaves. */
  readonly others: ObservedResources;
}

interface IssuerUse {
  readonly issuer: string;
  readonly id: string;
}

function usesOf(found: ObservedResources, kept: ReadonlySet<string>): readonly IssuerUse[] {
  return found.flatMap(([resource, observed]) => {
    if (!observed.exists || observed.owner.kind !== "ours") return [];
    const issuers = resource.issuers?.(observed.state) ?? [];
    return issuers.filter((one) => !kept.has(one)).map((issuer) => ({ issuer, id: resource.id }));
  });
}

/** Whether the config's issuer is what a person wrote or an earlier run chose, so that another one is another. */
function isSettled({ config: { named }, goal }: IssuerUses): boolean {
  // On the way down everything below the zone goes, under any name.
  return goal === "present" ? named?.isNew !== true : named === undefined;
}

/**
 * A refusal for each issuer that the stack's resources are for and that the config has no more: whoever holds a token of it
 * is let in now, and refused once the plan is applied. Another config with the same name of the stack is found so as well.
 */
export function issuerChanges(given: IssuerUses): readonly PodtrustError[] {
  if (!isSettled(given)) return [];
  const { config, goal, wanted, others } = given;
  const { issuer: now, publisher, stack } = config;
  const kept = [now, ...(publisher?.formerIssuers ?? [])];
  // A record knows the name alone, and IAM drops a port that goes without saying.
  const forms = kept.flatMap((one) => [one, new URL(one).origin, `https://${iamProviderKey(one)}`]);
  const uses = [...usesOf(wanted, new Set([now])), ...usesOf(others, new Set(forms))];
  const next = `Another config of the name ${stack} may own it: name the stacks differently. If it may go: podtrust down --confirm ${stack}.`;
  return [...Map.groupBy(uses, ({ issuer }) => issuer)].map(([issuer, of]) => {
    const ids = [...new Set(of.map(({ id }) => id))];
    return new PodtrustError(
      "plan-issuer-changes",
      `tokens of ${issuer} are refused from then on: the config's issuer is ${now}, and ${ids.join(", ")} ${ids.length === 1 ? "is" : "are"} for ${issuer}`,
      { ...(goal === "absent" ? { next } : {}), detail: { issuer, now, ids } },
    );
  });
}
