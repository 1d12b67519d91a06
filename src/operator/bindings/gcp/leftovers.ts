import { type Clock, mapLimit } from "../../../core/base/index.ts";
import { type GoogleTrust, poolId, readGoogleTrust } from "../../../rules/bindings/gcp/index.ts";
import { partyNames } from "../../../rules/bindings/index.ts";
import { principalOf } from "../../../rules/gcp/index.ts";
import { parseSubject, serviceAccountSubject } from "../../../rules/oidc/index.ts";
import type { BindingEvent } from "../pass.ts";
import { EmptyScopes } from "../scopes.ts";
import { type Membership, membershipKey } from "./members.ts";
import { trustNameOf } from "../status.ts";
import { type GoogleClients, type GoogleStatus, googleStatusOf, keptText } from "./rights.ts";
import { type GoogleProjects, isGoogles } from "./projects.ts";

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
export interface MemberSweep {
  readonly clients: GoogleClients;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Whether the trust is being deleted: orphaned members are then removed at once. */
  readonly isGoing: boolean;
  /** What the status of the trust has of bindings that are gone. */
  readonly left: readonly Membership[];
}

/** A member without a binding. */
interface LeftMember extends Membership {
  /** Whether a binding had it. Google does not record who added one. */
  readonly isKnown: boolean;
}

/**
 * Members of one trust's pool whose binding is gone: those that Google did not delete in time, and those of bindings
 * whose finalizer was removed. Those that a binding is known to have had are removed. The origin of the others is unknown:
 * they are reported, and stay.
 */
export class LeftMembers {
  readonly emptied = new EmptyScopes();
  #at = -Infinity;
  /** Since when, by `membershipKey`. */
  #since: ReadonlyMap<string, number> = new Map();
  #reported: ReadonlySet<string> = new Set();
  #known: readonly Membership[] = [];

  /** Those that bindings are known to have had, and that were still there after the last look. */
  get known(): readonly Membership[] {
    return this.#known;
  }

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
    this.#known = left.filter((one) => one.isKnown && since.has(membershipKey(one)));
    [this.#at, this.#since, this.#reported] = [now, since, reported];
    return events;
  }
}

/** Removes a member that a binding had, or reports that it stays. */
async function ended(trust: GoogleTrust, member: LeftMember, sweep: MemberSweep): Promise<BindingEvent> {
  const { clients, signal } = sweep;
  const { email, subject } = member;
  const principal = principalOf(trust, subject);
  if (!member.isKnown) {
    const message = `${email} lets in ${principal}, and no binding here does: nothing says who made that, and it stays`;
    return { type: "Warning", reason: "MemberUnclaimed", message };
  }
  try {
    const work = { signal, assertHeld: () => clients.assertHeld?.() };
    await clients.google.revoke(trust, member, work);
    const message = `${email}, ${principal}: taken out, its binding is gone`;
    return { type: "Normal", reason: "MemberKept", message };
  } catch (error) {
    signal.throwIfAborted();
    if (!isGoogles(error)) throw error;
    const message = keptText(email, principal, error.message);
    return { type: "Warning", reason: "MemberKept", message };
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
async function lookedAt(trust: GoogleTrust, sweep: MemberSweep): Promise<readonly LeftMember[]> {
  const { google, cluster } = sweep.clients;
  const had = [...google.made.of(trust), ...sweep.left];
  const claims = new Claims(cluster, trust, sweep.signal);
  const found = await mapLimit(
    namedEmails(
      trust,
      had.map(({ email }) => email),
    ),
    async (email) => {
      const inside = await insideOf(google, trust, email, sweep.signal);
      const known = new Set(had.filter((one) => one.email === email).map(({ subject }) => subject));
      const left: LeftMember[] = [];
      for (const subject of new Set([...(inside ?? []), ...known])) {
        const one = { email, subject };
        const claim = await claims.of(one);
        if (claim === "has") continue;
        // A policy that may not be read may still have it.
        if (inside === undefined || inside.includes(subject))
          left.push({ ...one, isKnown: known.has(subject) || claim === "had" });
        else google.made.forget(trust, one);
      }
      return left;
    },
    few,
  );
  return found.flat();
}

/** Whether a binding has a member, or had it by this trust and now names another one. */
type Claim = "has" | "had" | "none";

/** Owners of members of one pool, by the status of bindings. */
class Claims {
  readonly #cluster: MemberSweep["clients"]["cluster"];
  readonly #trust: GoogleTrust;
  readonly #signal: AbortSignal;
  readonly #read = new Map<string, Promise<Pick<GoogleStatus, "emails"> & { readonly claim: Claim }>>();

  constructor(cluster: MemberSweep["clients"]["cluster"], trust: GoogleTrust, signal: AbortSignal) {
    this.#cluster = cluster;
    this.#trust = trust;
    this.#signal = signal;
  }

  /** What the ServiceAccount's binding has to do with it, in this pool; `has` for subjects that are no ServiceAccount. */
  async of({ email, subject }: Membership): Promise<Claim> {
    const whose = parseSubject(subject);
    if (whose === undefined) return "has";
    const asked = this.#read.get(subject) ?? this.#claimOf(whose);
    this.#read.set(subject, asked);
    const { emails, claim } = await asked;
    return emails.includes(email) ? claim : "none";
  }

  async #claimOf(whose: { readonly namespace: string; readonly name: string }) {
    const { kind } = partyNames.gcp.binding;
    const object = await this.#cluster.read({ kind, ...whose }, { signal: this.#signal });
    if (object === undefined) return { emails: [], claim: "none" } as const;
    const { emails, principal } = googleStatusOf(object);
    // One of another pool keeps none of this.
    const own = principalOf(this.#trust, serviceAccountSubject(whose.namespace, whose.name));
    const isOfPool = principal === undefined || principal === own;
    const claim: Claim = (await this.#mayHave(trustNameOf(object))) ? "has" : "had";
    return { emails: isOfPool ? emails : [], claim };
  }

  /** Whether bindings by a trust of this name may have members of this pool; true if that trust cannot be read. */
  async #mayHave(name: string): Promise<boolean> {
    if (name === this.#trust.name) return true;
    const { kind } = partyNames.gcp.trust;
    const other = await this.#cluster.read({ kind, name }, { signal: this.#signal });
    if (other === undefined) return false;
    const read = readGoogleTrust(other);
    return "problems" in read || poolId(read.object) === poolId(this.#trust);
  }
}
