import { mapLimit } from "../../../core/base/index.ts";
import type { GoogleTrust } from "../../../rules/bindings/gcp/index.ts";
import { partyNames } from "../../../rules/bindings/index.ts";
import { principalOf } from "../../../rules/gcp/index.ts";
import { parseSubject, serviceAccountSubject } from "../../../rules/oidc/index.ts";
import type { BindingEvent } from "../pass.ts";
import { type Membership, membershipKey } from "./members.ts";
import { type GooglePass, googleStatusOf } from "./pass.ts";
import { type GoogleProjects, isGoogles } from "./projects.ts";
import { keptEvent } from "./removal.ts";

/**
 * How long a member must be orphaned before it is acted on, in milliseconds: a cluster restored to an older state knows
 * some bindings only when they are applied again.
 */
const graceMs = 600_000;
/** The shortest interval between looks, in milliseconds: each reads the policy of each service account. */
const lookInterval = 300_000;
/** After this long without a look, nothing is known of the time in between, in milliseconds. */
const maxGap = graceMs;
/** Service accounts read per look. */
const maxLooked = 1000;
const few = 4;

/** What a sweep works with. */
export interface MemberSweep extends Pick<GooglePass, "clients" | "clock" | "signal"> {
  /** Whether the trust is being deleted: orphaned members are then removed at once. */
  readonly isGoing: boolean;
}

/**
 * Members of one trust's pool whose binding is gone: those that Google did not delete in time, and those of bindings
 * whose finalizer was removed. Those that a binding had while this process ran are removed. The origin of the others is
 * unknown: they are reported, and stay.
 */
export class LeftMembers {
  #at = -Infinity;
  /** Since when, by `membershipKey`. */
  #since: ReadonlyMap<string, number> = new Map();
  #reported: ReadonlySet<string> = new Set();

  /** Whether there were any at the last look. */
  get areThere(): boolean {
    return this.#since.size > 0;
  }

  /**
   * Handles members orphaned for ten minutes. Looks every five minutes, however often it is called. Skips service
   * accounts whose policy it may not read. Throws `gcp-*` if Google does not answer, and `cluster-*`.
   */
  async sweep(trust: GoogleTrust, sweep: MemberSweep): Promise<readonly BindingEvent[]> {
    const { clock, isGoing } = sweep;
    const now = clock.elapsed();
    if (!isGoing && now - this.#at < lookInterval) return [];
    const before = now - this.#at > maxGap ? new Map<string, number>() : this.#since;
    const left = await lookedAt(trust, sweep);
    const since = new Map(
      left.map((one): [string, number] => [membershipKey(one), before.get(membershipKey(one)) ?? now]),
    );
    const events: BindingEvent[] = [];
    const reported = new Set([...this.#reported].filter((key) => since.has(key)));
    for (const one of left) {
      const key = membershipKey(one);
      if (!isGoing && now - (since.get(key) ?? now) < graceMs) continue;
      const event = await ended(trust, one, sweep);
      const isGone = event.type === "Normal";
      if (isGone) since.delete(key);
      // Reported once for those that stay: each look finds them again.
      if (isGone || !reported.has(key)) events.push(event);
      if (!isGone) reported.add(key);
    }
    [this.#at, this.#since, this.#reported] = [now, since, reported];
    return events;
  }
}

/** Removes a member that a binding had, or reports that it stays. */
async function ended(trust: GoogleTrust, member: Membership, sweep: MemberSweep): Promise<BindingEvent> {
  const { clients, signal } = sweep;
  const { email, subject } = member;
  const principal = principalOf(trust, subject);
  if (!clients.google.made.has(trust, member)) {
    const message = `${email} lets in ${principal}, and no binding here does: nothing says who made that, and it stays`;
    return { type: "Warning", reason: "MemberUnclaimed", message };
  }
  try {
    const work = { signal, assertHeld: () => clients.assertHeld?.() };
    await clients.google.settle(trust, member, false, work);
    const message = `${email}, ${principal}: taken out, its binding is gone`;
    return { type: "Normal", reason: "MemberKept", message };
  } catch (error) {
    signal.throwIfAborted();
    if (!isGoogles(error)) throw error;
    return keptEvent([email], principal, error.message);
  }
}

/** The service accounts that grants name without a pattern, after those of bindings. */
export function namedEmails({ grants }: GoogleTrust, ofBindings: readonly string[]): readonly string[] {
  const named = grants.flatMap(({ emails = [] }) => emails.filter((one) => !one.includes("*")));
  return [...new Set([...ofBindings, ...named])].slice(0, maxLooked);
}

/** Who a service account lets in; undefined if podtrust may not read that. Throws `gcp-*` if Google does not answer. */
export async function insideOf(
  google: GoogleProjects,
  trust: GoogleTrust,
  email: string,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  try {
    return await google.subjectsIn(trust, email, signal);
  } catch (error) {
    if (isGoogles(error) && ["gcp-denied", "gcp-refused"].includes(error.code)) return undefined;
    throw error;
  }
}

/** The members of a trust's pool that no binding has. */
async function lookedAt(trust: GoogleTrust, sweep: MemberSweep): Promise<readonly Membership[]> {
  const { google, cluster } = sweep.clients;
  const made = google.made.of(trust);
  const claims = new Claims(cluster, trust, sweep.signal);
  const found = await mapLimit(
    namedEmails(
      trust,
      made.map(({ email }) => email),
    ),
    async (email) => {
      const inside = await insideOf(google, trust, email, sweep.signal);
      const left: Membership[] = [];
      if (inside === undefined) return left;
      const known = made.filter((one) => one.email === email).map(({ subject }) => subject);
      for (const subject of new Set([...inside, ...known])) {
        const one = { email, subject };
        if (await claims.has(one)) continue;
        if (inside.includes(subject)) left.push(one);
        else google.made.forget(trust, one);
      }
      return left;
    },
    few,
  );
  return found.flat();
}

/** Owners of members of one pool, by the status of bindings. */
class Claims {
  readonly #cluster: MemberSweep["clients"]["cluster"];
  readonly #trust: GoogleTrust;
  readonly #signal: AbortSignal;
  readonly #read = new Map<string, Promise<readonly string[]>>();

  constructor(cluster: MemberSweep["clients"]["cluster"], trust: GoogleTrust, signal: AbortSignal) {
    this.#cluster = cluster;
    this.#trust = trust;
    this.#signal = signal;
  }

  /** Whether the ServiceAccount's binding has it, in this pool; true for subjects that are no ServiceAccount. */
  async has({ email, subject }: Membership): Promise<boolean> {
    const whose = parseSubject(subject);
    if (whose === undefined) return true;
    const asked = this.#read.get(subject) ?? this.#emailsOf(whose);
    this.#read.set(subject, asked);
    return (await asked).includes(email);
  }

  async #emailsOf(whose: { readonly namespace: string; readonly name: string }): Promise<readonly string[]> {
    const { kind } = partyNames.gcp.binding;
    const object = await this.#cluster.read({ kind, ...whose }, { signal: this.#signal });
    if (object === undefined) return [];
    const { emails, principal } = googleStatusOf(object);
    const { namespace, name } = whose;
    // A binding of another trust that names the same service account has another principal there: it keeps none of this pool.
    const own = principalOf(this.#trust, serviceAccountSubject(namespace, name));
    return principal === undefined || principal === own ? emails : [];
  }
}
