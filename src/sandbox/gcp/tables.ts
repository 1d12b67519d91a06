import { isoTime } from "../../core/base/index.ts";
import type { GoogleDecision } from "./decisions.ts";
import type { IdentityPool, Project, Provider } from "./project.ts";

/** A table of the project's content, for the sandbox's page. */
export interface GoogleTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

function stateOf(pool: IdentityPool, provider: Provider): string {
  if ((pool.deletedAt ?? provider.deletedAt) !== undefined) return "deleted";
  return pool.disabled || provider.disabled ? "disabled" : "active";
}

function providerRow(pool: IdentityPool, provider: Provider): readonly string[] {
  const { oidc, attributeCondition } = provider;
  const keys = oidc.jwksJson === undefined ? "fetched" : "uploaded";
  return [pool.id, provider.id, stateOf(pool, provider), oidc.issuerUri, keys, attributeCondition];
}

/** The number of decisions shown. */
const shown = 100;

/** Providers and the last decisions, the newest first. */
export function tablesOf(project: Project, decisions: readonly GoogleDecision[]): readonly GoogleTable[] {
  return [
    {
      title: `Providers of Google's project ${project.settings.project}`,
      columns: ["Pool", "Provider", "State", "Issuer", "Keys", "Condition"],
      rows: [...project.pools.values()].flatMap((pool) =>
        [...pool.providers.values()].map((provider) => providerRow(pool, provider)),
      ),
    },
    {
      title: "Decisions of the stand-in for Google",
      columns: ["Time", "Decision", "Action", "Who", "Rule", "Why"],
      rows: decisions
        .slice(-shown)
        .reverse()
        .map(({ time, decision, action, who, rule, why = "" }) => [
          isoTime(time),
          decision,
          action,
          who,
          rule,
          why,
        ]),
    },
  ];
}
