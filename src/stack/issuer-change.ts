import { PodtrustError } from "../core/base/index.ts";
import type { Config } from "../config/index.ts";
import type { Observed, Resource } from "../rules/plan/index.ts";

/** Resources, each with what was found of it. */
export type ObservedResources = readonly (readonly [resource: Resource, observed: Observed])[];

/** What was found of a stack's resources. */
export interface IssuerUses {
  readonly config: Pick<Config, "issuer" | "publisher">;
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

/**
 * A refusal for each issuer that the stack's resources are for and that the config has no more: whoever holds a token of it
 * is let in now, and refused once the plan is applied.
 */
export function issuerChanges({ config, wanted, others }: IssuerUses): readonly PodtrustError[] {
  const { issuer: now, publisher } = config;
  const kept = [now, ...(publisher?.formerIssuers ?? [])];
  // A record knows the name alone.
  const origins = kept.map((one) => new URL(one).origin);
  const uses = [...usesOf(wanted, new Set([now])), ...usesOf(others, new Set([...kept, ...origins]))];
  return [...Map.groupBy(uses, ({ issuer }) => issuer)].map(([issuer, of]) => {
    const ids = [...new Set(of.map(({ id }) => id))];
    return new PodtrustError(
      "plan-issuer-changes",
      `tokens of ${issuer} are refused from then on: the config's issuer is ${now}, and ${ids.join(", ")} ${ids.length === 1 ? "is" : "are"} for ${issuer}`,
      { detail: { issuer, now, ids } },
    );
  });
}
