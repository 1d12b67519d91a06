import type { GoogleTrust } from "../../../rules/bindings/gcp/index.ts";

/** A ServiceAccount's place in the policy of a service account. */
export interface Membership {
  readonly email: string;
  readonly subject: string;
}

/** What a principal is made of, beside the subject. */
type Pool = Pick<GoogleTrust, "pool" | "projectNumber">;

/** The same for equal memberships of one pool. */
export const membershipKey = ({ email, subject }: Membership): string => `${email} ${subject}`;

const poolKey = ({ projectNumber, pool }: Pool): string => `${projectNumber} ${pool}`;

/**
 * Members that bindings had made, or found made, and that were not taken out since: nothing at Google says who made one, and
 * another process knows nothing of these. Bound: the newest 20,000.
 */
export class MadeMembers {
  readonly #max: number;
  readonly #all = new Map<string, Membership & { readonly pool: string }>();

  constructor(max = 20_000) {
    this.#max = max;
  }

  add(of: Pool, member: Membership): void {
    const pool = poolKey(of);
    const key = `${pool} ${membershipKey(member)}`;
    // The newest stands last.
    this.#all.delete(key);
    this.#all.set(key, { ...member, pool });
    const [oldest] = this.#all.keys();
    if (this.#all.size > this.#max && oldest !== undefined) this.#all.delete(oldest);
  }

  forget(of: Pool, member: Membership): void {
    this.#all.delete(`${poolKey(of)} ${membershipKey(member)}`);
  }

  has(of: Pool, member: Membership): boolean {
    return this.#all.has(`${poolKey(of)} ${membershipKey(member)}`);
  }

  /** Those of one pool. */
  of(pool: Pool): readonly Membership[] {
    const key = poolKey(pool);
    return [...this.#all.values()].filter((one) => one.pool === key);
  }
}
