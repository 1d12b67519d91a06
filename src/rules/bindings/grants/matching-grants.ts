import type { BindingReason } from "../../../core/reasons/index.ts";
import { type GrantedTo, isFor, type NamespacedName } from "./is-for.ts";

/** Why a binding gets nothing. */
export interface GrantRefusal {
  readonly reason: BindingReason;
  /** One sentence, with the values. */
  readonly message: string;
}

/** What the trusts of all relying parties have in common. */
export interface TrustHead<Grant> {
  readonly name: string;
  readonly grants: readonly Grant[];
}

/** A trust, and those of its grants that are for a binding: one at the least. */
export interface MatchingGrants<Grant, Trust> {
  readonly trust: Trust;
  readonly grants: readonly Grant[];
}

/**
 * The grants of a trust that are for a binding, or why there is none. `trust` is undefined where there is none of the name.
 * `kind`: of the trust.
 */
export function grantsFor<Grant extends GrantedTo, Trust extends TrustHead<Grant>>(
  kind: string,
  binding: NamespacedName & { readonly trust: string },
  trust: (Trust & TrustHead<Grant>) | undefined,
): MatchingGrants<Grant, Trust> | GrantRefusal {
  const { namespace, trust: name, name: serviceAccount } = binding;
  if (trust === undefined) return { reason: "TrustMissing", message: `there is no ${kind} ${name}` };
  if (trust.name !== name) throw new TypeError(`${kind} ${trust.name} was given for ${name}`);
  const grants = trust.grants.filter((grant) => isFor(grant, binding));
  if (grants.length > 0) return { trust, grants };
  const message = `no grant of ${kind} ${name} is for ServiceAccount ${serviceAccount} of namespace ${namespace}`;
  return { reason: "NamespaceNotGranted", message };
}

/** The first grant that allows all of what is asked, or what the nearest one lacks. */
export function firstGrant<Grant extends GrantedTo>(
  grants: readonly Grant[],
  lackingOf: (grant: Grant) => readonly GrantRefusal[],
): Grant | readonly GrantRefusal[] {
  const judged = grants.map((grant) => ({ grant, lacks: lackingOf(grant) }));
  const first = judged.find(({ lacks }) => lacks.length === 0);
  if (first !== undefined) return first.grant;
  const nearest = judged.toSorted((a, b) => a.lacks.length - b.lacks.length).slice(0, 1);
  return nearest.flatMap(({ lacks }) => lacks);
}
