import { asPodtrustError, type Clock, PodtrustError } from "../../../core/base/index.ts";
import type { ConditionContent } from "../../../rules/bindings/index.ts";
import { readGoogleTrust } from "../../../rules/bindings/gcp/index.ts";
import type { TrustSeen } from "../party.ts";
import type { BindingOutcome } from "../pass.ts";
import { keep, passInterval, soon, trustEnded } from "../status.ts";
import type { GoogleClients } from "./pass.ts";
import { fromOf, googleFinding } from "./projects.ts";

type Ready = Pick<ConditionContent, "reason" | "message">;

async function readyOf(
  { object }: TrustSeen,
  { google }: GoogleClients,
  signal: AbortSignal,
): Promise<{ readonly ready: Ready; readonly againIn: number }> {
  const read = readGoogleTrust(object);
  if ("problems" in read) {
    const message = read.problems.map((one) => `${one.path} ${one.message}`).join("; ");
    return { ready: { reason: "BindingInvalid", message }, againIn: passInterval };
  }
  const trust = read.object;
  const found = await google.provider(trust, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    if (!(error instanceof PodtrustError)) throw error;
    return googleFinding(asPodtrustError(error), fromOf(trust));
  });
  const ready = { reason: found.reason, message: found.seen };
  return { ready, againIn: found.outcome === "ok" ? passInterval : soon };
}

/**
 * One pass of a GCPTrust: whether its pool and provider are there and trust the issuer; and that it stays while bindings name
 * it, since by it alone their members are found. Throws what keeps its status from being written.
 */
export async function reconcileGoogleTrust(
  seen: TrustSeen,
  clients: GoogleClients,
  clock: Clock,
  signal: AbortSignal = new AbortController().signal,
): Promise<Omit<BindingOutcome, "changes">> {
  const { object, bindings } = seen;
  const { cluster } = clients;
  const isEnding = object.metadata.deletionTimestamp !== undefined;
  // One that is being deleted takes no finalizer any more.
  if (!isEnding || bindings.size === 0) await keep(cluster, object, bindings.size > 0, signal);
  if (isEnding && bindings.size === 0) return { conditions: [], events: [], againIn: undefined };
  const { ready, againIn } = await readyOf(seen, clients, signal);
  const conditions = await trustEnded(cluster, seen, ready, { now: clock.now(), signal });
  return { conditions, events: [], againIn };
}
