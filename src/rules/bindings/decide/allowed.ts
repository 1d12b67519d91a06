import { tagValue } from "../../../core/base/index.ts";
import { namespaceTag, serviceAccountTag } from "../names/index.ts";
import { type AllowedRole, roleLimits, type StandingRole } from "../objects/grant-limits.ts";
import type { Binding, Grant, Trust } from "../objects/objects.ts";
import { isFor } from "../grants/is-for.ts";

/** Whether some grant lets the roles that a binding has in an account stay when it goes. */
export function mayRetain(
  binding: Pick<Binding, "namespace" | "name">,
  { grants }: Pick<Trust, "grants">,
  account: string,
): boolean {
  return grants.some((grant) => grant.retain && isFor(grant, binding) && grant.accounts.includes(account));
}

interface RatedRole {
  readonly allowed: AllowedRole;
  /** How many policies that grant something are not allowed. */
  readonly lost: number;
  /** How much else of the role would have to change. */
  readonly changes: number;
}

/** Undefined where the grant leaves nothing of the role. */
function judged(
  role: StandingRole,
  binding: Pick<Binding, "namespace" | "name">,
  grant: Grant,
): RatedRole | undefined {
  if (!isFor(grant, binding)) return undefined;
  const tags = { [namespaceTag]: binding.namespace, [serviceAccountTag]: binding.name };
  const wrong = Object.entries(tags).filter(([key, value]) => tagValue(role.tags, key) !== value);
  const nothing = { policies: [], inline: [], boundary: undefined, tags: {}, maxSession: role.maxSession };
  let rated: RatedRole = { allowed: { ...nothing, grant: grant.name }, lost: 0, changes: wrong.length };
  for (const { keeps } of Object.values(roleLimits)) {
    const kept = keeps(role, grant);
    if (kept === undefined) return undefined;
    const { allowed, lost = 0, changes = 0 } = kept;
    rated = {
      allowed: { ...rated.allowed, ...allowed },
      lost: rated.lost + lost,
      changes: rated.changes + changes,
    };
  }
  return { ...rated, allowed: { ...rated.allowed, tags: { ...rated.allowed.tags, ...tags } } };
}

/**
 * What is allowed of an existing role by the one grant that allows most of it, with that grant's own boundary, tags and
 * longest session: never by two together, and whatever the binding says. Of grants that allow as much the `preferred`
 * one comes first, then the one that changes least. Undefined where no grant is for the namespace and the account.
 */
export function allowedOf(
  role: StandingRole,
  binding: Pick<Binding, "namespace" | "name">,
  trust: Pick<Trust, "grants">,
  preferred?: string,
): AllowedRole | undefined {
  const all = trust.grants.flatMap((grant) => judged(role, binding, grant) ?? []);
  const isPreferred = ({ allowed }: RatedRole): number => Number(allowed.grant === preferred);
  const [first] = all.toSorted(
    (a, b) => a.lost - b.lost || isPreferred(b) - isPreferred(a) || a.changes - b.changes,
  );
  return first?.allowed;
}
