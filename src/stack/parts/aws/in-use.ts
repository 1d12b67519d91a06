import { PodtrustError } from "../../../core/base/index.ts";
import { type AccountSurvey, oidcProviderNames, roleNames } from "../../../providers/aws/index.ts";
import type { Change } from "../../../rules/plan/index.ts";
import type { PartPlan, Preflight } from "../part.ts";

/** A provider that would be deleted, or change owners. */
interface Leaving {
  readonly id: string;
  readonly why: "deleted" | "taken over";
  /** Whether another stack depends on it. */
  readonly isCountedOn: boolean;
}

const maxNamed = 10;

function leaving({ kind, resource, observed }: Change): readonly Leaving[] {
  if (resource.kind !== "oidc-provider" || !observed.exists) return [];
  const { id } = resource;
  if (kind === "delete") return [{ id, why: "deleted", isCountedOn: true }];
  if (kind !== "update" || observed.owner.kind === "ours") return [];
  // The stack takes over what has no owner's tags.
  return [
    { id, why: "taken over", isCountedOn: ["other-stack", "other-identity"].includes(observed.owner.kind) },
  ];
}

function sentenceOf({ id, why }: Leaving, roles: readonly string[]): string {
  const left = roles.length - maxNamed;
  const named = left > 0 ? [...roles.slice(0, maxNamed), `${left} more`] : roles;
  const loss =
    why === "deleted"
      ? "without it STS refuses their workloads"
      : "a later podtrust down of this stack takes it from them";
  const plural = roles.length === 1 ? "role" : "roles";
  return `${id} is trusted by the ${plural} ${named.join(", ")} outside this stack: ${loss}`;
}

/** What roles outside the stack lose if a provider that they trust is deleted or changes owners. */
export function usedByOthers(
  { changes, allowInUse }: PartPlan,
  account: string,
  found: AccountSurvey,
): Preflight {
  const made = new Set(
    changes.filter(({ kind }) => kind !== "none" && kind !== "blocked").map(({ resource }) => resource.id),
  );
  const isPartOfThis = (name: string): boolean => made.has(roleNames(account, name).id);
  const refusals: PodtrustError[] = [];
  const warnings: string[] = [];
  for (const one of changes.flatMap(leaving)) {
    const provider = found.providers.find(({ arn }) => oidcProviderNames(account, arn).id === one.id);
    const roles = found.foreignRolesTrusting(provider?.arn ?? "").filter((name) => !isPartOfThis(name));
    if (roles.length === 0) continue;
    const sentence = sentenceOf(one, roles);
    const detail = { id: one.id, roles };
    if (allowInUse || !one.isCountedOn) warnings.push(sentence);
    else refusals.push(new PodtrustError("aws-provider-in-use", sentence, { detail }));
  }
  return { refusals, warnings };
}
