import type { Clock } from "../../../core/base/index.ts";
import type { ConditionContent } from "../../../rules/bindings/index.ts";
import { type GoogleTrust, readGoogleTrust } from "../../../rules/bindings/gcp/index.ts";
import type { TrustSeen } from "../party.ts";
import type { BindingEvent, BindingOutcome } from "../pass.ts";
import { isKept, keep, passInterval, soon, trustEnded } from "../status.ts";
import type { LeftMembers, MemberSweep } from "./leftovers.ts";
import type { GoogleClients } from "./pass.ts";
import { fromOf, googleFinding, isGoogles } from "./projects.ts";
import { keptEvent } from "./removal.ts";

/** What the operator knows of a GCPTrust when its pass comes. */
interface GoogleTrustFacts extends TrustSeen {
  /** Of this trust alone. */
  readonly leftovers: LeftMembers;
}

/** What a trust that was read, or not, came to. */
interface TrustJudgement {
  readonly ready: Pick<ConditionContent, "reason" | "message">;
  readonly events: readonly BindingEvent[];
  readonly againIn: number;
}

/** What may be left at Google of bindings that are gone, where their trust goes and nobody could look. */
function leftUnseen({ google }: GoogleClients, trust: GoogleTrust, why: string): readonly BindingEvent[] {
  const emails = new Set(google.made.of(trust).map(({ email }) => email));
  return emails.size === 0 ? [] : [keptEvent([...emails], "ServiceAccounts of bindings that are gone", why)];
}

async function judged({ object, leftovers }: GoogleTrustFacts, sweep: MemberSweep): Promise<TrustJudgement> {
  const { clients, signal, isGoing } = sweep;
  const read = readGoogleTrust(object);
  if ("problems" in read) {
    const message = read.problems.map((one) => `${one.path} ${one.message}`).join("; ");
    return { ready: { reason: "BindingInvalid", message }, events: [], againIn: passInterval };
  }
  const trust = read.object;
  try {
    const { reason, seen: message, outcome } = await clients.google.provider(trust, signal);
    const events = await leftovers.sweep(trust, sweep);
    return { ready: { reason, message }, events, againIn: outcome === "ok" ? passInterval : soon };
  } catch (error) {
    signal.throwIfAborted();
    if (!isGoogles(error)) throw error;
    const { reason, seen: message } = googleFinding(error, fromOf(trust));
    const events = isGoing ? leftUnseen(clients, trust, error.message) : [];
    return { ready: { reason, message }, events, againIn: soon };
  }
}

/**
 * One pass of a GCPTrust: whether its pool and provider are there and trust the issuer, what members are left of bindings that
 * are gone, and that it stays while bindings name it or there are such members: by it alone they are found. Throws what keeps
 * its status from being written.
 */
export async function reconcileGoogleTrust(
  facts: GoogleTrustFacts,
  clients: GoogleClients,
  clock: Clock,
  signal: AbortSignal = new AbortController().signal,
): Promise<Omit<BindingOutcome, "changes">> {
  const { object, bindings, leftovers } = facts;
  const { cluster } = clients;
  const isEnding = object.metadata.deletionTimestamp !== undefined;
  const isGoing = isEnding && bindings.size === 0;
  const over = { conditions: [], events: [], againIn: undefined };
  if (isGoing && !isKept(object)) return over;
  // One that is being deleted takes no finalizer any more.
  if (!isEnding && bindings.size > 0) await keep(cluster, object, true, signal);
  const { ready, events, againIn } = await judged(facts, { clients, clock, signal, isGoing });
  // What could not be ended then is told: a trust does not hang on Google.
  if (bindings.size === 0) await keep(cluster, object, !isEnding && leftovers.areThere, signal);
  if (isGoing) return { ...over, events };
  const conditions = await trustEnded(cluster, facts, ready, { now: clock.now(), signal });
  return { conditions, events, againIn };
}
