import { tagValue } from "../../../core/base/index.ts";
import { policyEffects } from "../../trust/index.ts";
import { namespaceTag, serviceAccountTag } from "../names.ts";
import type { Binding, Grant, Trust } from "../objects/objects.ts";
import { isFor } from "../grants/is-for.ts";
import { fitsAny } from "../grants/pattern.ts";

/** A role as it exists in an account. */
export interface StandingRole {
  readonly account: string;
  /** ARNs of attached policies. */
  readonly policies: readonly string[];
  /** By name, as JSON text. */
  readonly inline: Readonly<Record<string, string>>;
  readonly boundary: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  /** Seconds. */
  readonly maxSession: number;
}

/** What one grant allows of an existing role. */
export interface AllowedRole {
  readonly grant: string;
  /** Those of its policies that the grant allows. */
  readonly policies: readonly string[];
  /** Names of those of its inline policies that the grant allows. */
  readonly inline: readonly string[];
  /** The boundary without which the grant allows nothing; undefined where it asks for none. */
  readonly boundary: string | undefined;
  /** Tags that the role has to have. */
  readonly tags: Readonly<Record<string, string>>;
  /** Seconds. */
  readonly maxSession: number;
}

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

function judged(role: StandingRole, binding: Pick<Binding, "namespace" | "name">, grant: Grant): RatedRole {
  const policies = role.policies.filter((arn) => fitsAny(grant.policies, arn));
  const inline = grant.inline ? Object.keys(role.inline) : [];
  const own = grant.inline ? [] : Object.values(role.inline).filter((text) => policyEffects(text) !== "deny");
  const tags = {
    ...Object.fromEntries((grant.tags ?? []).map(({ key, value }) => [key, value])),
    [namespaceTag]: binding.namespace,
    [serviceAccountTag]: binding.name,
  };
  const wrong = Object.entries(tags).filter(([key, value]) => tagValue(role.tags, key) !== value).length;
  const { name, boundary, maxSessionSeconds: maxSession } = grant;
  const isUnbounded = boundary !== undefined && boundary !== role.boundary;
  return {
    allowed: { grant: name, policies, inline, boundary, tags, maxSession },
    lost: role.policies.length - policies.length + own.length,
    changes: wrong + Number(isUnbounded) + Number(role.maxSession > maxSession),
  };
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
  const all = trust.grants
    .filter((grant) => isFor(grant, binding) && grant.accounts.includes(role.account))
    .map((grant) => judged(role, binding, grant));
  const isPreferred = ({ allowed }: RatedRole): number => Number(allowed.grant === preferred);
  const [first] = all.toSorted(
    (a, b) => a.lost - b.lost || isPreferred(b) - isPreferred(a) || a.changes - b.changes,
  );
  return first?.allowed;
}
