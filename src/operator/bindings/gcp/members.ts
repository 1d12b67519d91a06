import type { PoolName } from "../../../rules/gcp/index.ts";

/** A ServiceAccount's member in the policy of a service account. */
export interface Membership {
  readonly email: string;
  readonly subject: string;
}

/** The same for equal memberships of one pool, and what a trust's status has of one. */
export const membershipKey = ({ email, subject }: Membership): string => `${email} ${subject}`;

/** Members of bindings that are gone, in the status of a trust. */
export function leftMembersOf(status: Readonly<Record<string, unknown>>): readonly Membership[] {
  const { left } = status;
  return (Array.isArray(left) ? left : []).flatMap((one): readonly Membership[] => {
    const [email, subject] = String(one).split(" ");
    return email === undefined || subject === undefined ? [] : [{ email, subject }];
  });
}

/** Each once. */
export function withMembers(
  before: readonly Membership[],
  more: readonly Membership[],
): { readonly left?: readonly string[] } {
  const left = [...new Set([...before, ...more].map(membershipKey))];
  return left.length === 0 ? {} : { left };
}

const poolKey = ({ projectNumber, pool }: PoolName): string => `${projectNumber} ${pool}`;

/**
 * Members that bindings added or found, and that were not removed since: Google does not record who added one, and
 * other processes do not know these. Bound: the newest 20,000.
 */
export class MadeMembers {
  readonly #max: number;
  readonly #all = new Map<string, Membership & { readonly pool: string }>();

  constructor(max = 20_000) {
    this.#max = max;
  }

  add(of: PoolName, member: Membership): void {
    const pool = poolKey(of);
    const key = `${pool} ${membershipKey(member)}`;
    // The newest comes last.
    this.#all.delete(key);
    this.#all.set(key, { ...member, pool });
    const [oldest] = this.#all.keys();
    if (this.#all.size > this.#max && oldest !== undefined) this.#all.delete(oldest);
  }

  forget(of: PoolName, member: Membership): void {
    this.#all.delete(`${poolKey(of)} ${membershipKey(member)}`);
  }

  has(of: PoolName, member: Membership): boolean {
    return this.#all.has(`${poolKey(of)} ${membershipKey(member)}`);
  }

  /** Those of one pool. */
  of(pool: PoolName): readonly Membership[] {
    const key = poolKey(pool);
    return [...this.#all.values()].filter((one) => one.pool === key);
  }
}
