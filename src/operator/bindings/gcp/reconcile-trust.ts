import { type Clock, type PodtrustError, recordOf } from "../../../core/base/index.ts";
import { type GoogleTrust, poolId, readGoogleTrust } from "../../../rules/bindings/gcp/index.ts";
import type { TrustFactsOf, TrustOutcome } from "../pass.ts";
import { passInterval, problemsText, soon } from "../status.ts";
import { isGoing, type TrustJudgement, trustPass } from "../trust-pass.ts";
import type { LeftMembers, MemberSweep } from "./leftovers.ts";
import { leftMembersOf, membershipKey, withMembers } from "./members.ts";
import type { GoogleClients } from "./rights.ts";
import { fromOf, googleFinding, isGoogles } from "./projects.ts";

/** What the operator knows of a GCPTrust at the start of its pass. */
type GoogleTrustFacts = TrustFactsOf<LeftMembers>;

/** What the trust remembers, and its pool where it leaves with the trust and something is left there. */
function remembered(
  facts: GoogleTrustFacts,
  trust: GoogleTrust,
  sweep: MemberSweep,
  failure?: PodtrustError,
): Pick<TrustJudgement, "isSeen" | "own" | "scopes"> {
  const before = new Set(sweep.left.map(membershipKey));
  const left = failure === undefined ? facts.leftovers.known : sweep.left;
  const scope = { id: poolId(trust) };
  const isGone = trust.gone.includes(scope.id);
  // Without a look all that bindings had may be left: it is a trust that no binding names any more.
  const had = failure === undefined ? left : [...sweep.clients.google.made.of(trust), ...left];
  const standing = had.map(membershipKey);
  const isHeld = sweep.isGoing && !isGone && standing.length > 0;
  return {
    isSeen: !isHeld,
    own: (status) => {
      // Passes of bindings have added to it since.
      const added = leftMembersOf(status).filter((one) => !before.has(membershipKey(one)));
      return withMembers(isGone ? [] : left, added);
    },
    scopes: isHeld
      ? { here: [], leaving: [{ scope, standing: failure ?? standing }], gone: trust.gone }
      : { here: [scope], leaving: [], gone: trust.gone },
  };
}

async function judged(facts: GoogleTrustFacts, sweep: MemberSweep): Promise<TrustJudgement> {
  const { object, leftovers } = facts;
  const { clients, signal } = sweep;
  const read = readGoogleTrust(object);
  if ("problems" in read) {
    const message = problemsText(read.problems);
    return { ready: { reason: "BindingInvalid", message }, events: [], againIn: passInterval, isSeen: true };
  }
  const trust = read.object;
  try {
    const { reason, seen: message, outcome } = await clients.google.provider(trust, signal);
    const events = await leftovers.sweep(trust, sweep);
    const againIn = outcome === "ok" && !sweep.isGoing ? passInterval : soon;
    return { ready: { reason, message }, events, againIn, ...remembered(facts, trust, sweep) };
  } catch (error) {
    signal.throwIfAborted();
    if (!isGoogles(error)) throw error;
    const { reason, seen: message } = googleFinding(error, fromOf(trust));
    const kept = remembered(facts, trust, sweep, error);
    return { ready: { reason, message }, events: [], againIn: soon, ...kept };
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
  const left = leftMembersOf(recordOf(facts.object["status"]));
  const sweep = { clients, clock, signal, isGoing: isGoing(facts), left };
  return trustPass(facts, clients, { clock, signal }, () => judged(facts, sweep));
}
