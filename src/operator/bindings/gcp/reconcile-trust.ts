import type { Clock } from "../../../core/base/index.ts";
import { type GoogleTrust, readGoogleTrust } from "../../../rules/bindings/gcp/index.ts";
import type { BindingEvent, TrustFactsOf, TrustOutcome } from "../pass.ts";
import { passInterval, problemsText, soon } from "../status.ts";
import { isGoing, type TrustJudgement, trustPass } from "../trust-pass.ts";
import type { LeftMembers, MemberSweep } from "./leftovers.ts";
import type { GoogleClients } from "./pass.ts";
import { fromOf, googleFinding, isGoogles } from "./projects.ts";
import { keptEvent } from "./removal.ts";

/** What the operator knows of a GCPTrust at the start of its pass. */
type GoogleTrustFacts = TrustFactsOf<LeftMembers>;

/** What may be left at Google of deleted bindings, if their trust is deleted and podtrust could not look. */
function leftUnseen({ google }: GoogleClients, trust: GoogleTrust, why: string): readonly BindingEvent[] {
  const emails = new Set(google.made.of(trust).map(({ email }) => email));
  return emails.size === 0 ? [] : [keptEvent([...emails], "ServiceAccounts of bindings that are gone", why)];
}

async function judged({ object, leftovers }: GoogleTrustFacts, sweep: MemberSweep): Promise<TrustJudgement> {
  // What could not be removed is reported: a trust does not hang on Google.
  const isSeen = true;
  const { clients, signal } = sweep;
  const read = readGoogleTrust(object);
  if ("problems" in read) {
    const message = problemsText(read.problems);
    return { ready: { reason: "BindingInvalid", message }, events: [], againIn: passInterval, isSeen };
  }
  const trust = read.object;
  try {
    const { reason, seen: message, outcome } = await clients.google.provider(trust, signal);
    const events = await leftovers.sweep(trust, sweep);
    return { ready: { reason, message }, events, againIn: outcome === "ok" ? passInterval : soon, isSeen };
  } catch (error) {
    signal.throwIfAborted();
    if (!isGoogles(error)) throw error;
    const { reason, seen: message } = googleFinding(error, fromOf(trust));
    const events = sweep.isGoing ? leftUnseen(clients, trust, error.message) : [];
    return { ready: { reason, message }, events, againIn: soon, isSeen };
  }
}

/**
 * One pass of a GCPTrust: checks that its pool and provider exist and trust the issuer, and what members are left of
 * deleted bindings; keeps the trust while bindings name it or such members exist: they are found only through it.
 * Throws if its status cannot be written.
 */
export async function reconcileGoogleTrust(
  facts: GoogleTrustFacts,
  clients: GoogleClients,
  clock: Clock,
  signal: AbortSignal = new AbortController().signal,
): Promise<TrustOutcome> {
  const sweep = { clients, clock, signal, isGoing: isGoing(facts) };
  return trustPass(facts, clients, { clock, signal }, () => judged(facts, sweep));
}
