import type { GoogleTrust } from "../../../rules/bindings/gcp/index.ts";

/** A ServiceAccount's member in the policy of a service account. */
export interface Membership {
  readonly email: string;
  readonly subject: string;
}

/** What a principal consists of, beside the subject. */
type Pool = Pick<GoogleTrust, "pool" | "projectNumber">;

/** The same for equal memberships of one pool. */
export const membershipKey = ({ email, subject }: Membership): string => `${email} ${subject}`;

const poolKey = ({ projectNumber, pool }: Pool): string => `${projectNumber} ${pool}`;

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

  add(of: Pool, member: Membership): void {
    const pool = poolKey(of);
    const key = `${pool} ${membershipKey(member)}`;
    // The newest comes last.
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
