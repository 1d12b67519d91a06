import { defined, PodtrustError, TimeLimit } from "../../../core/base/index.ts";
import { googleKeys, type GoogleTrust, readGoogleTrust } from "../../../rules/bindings/gcp/index.ts";
import { serviceAccountSubject } from "../../../rules/oidc/index.ts";
import { unannotated } from "../service-account.ts";
import { gone, maxTry, maxWait, readableTrust, tryAgain } from "../last-pass.ts";
import type { BindingEvent, BindingOutcome } from "../pass.ts";
import { isKept, keep } from "../status.ts";
import type { GooglePass } from "./pass.ts";

/** Result of removing the ServiceAccount from all policies. */
interface Removed {
  readonly left: readonly string[];
  readonly failure?: PodtrustError;
  readonly changes: BindingOutcome["changes"];
}

/**
 * Why Google may still let the ServiceAccount in by one policy; undefined if it does not. Throws what is no problem of
 * Google's.
 */
async function failureOf(
  work: () => Promise<unknown>,
  limit: TimeLimit,
  signal: AbortSignal,
): Promise<PodtrustError | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (limit.isLate)
      return new PodtrustError("gcp-unreachable", `Google gave no good answer within ${maxTry / 1000} s`);
    if (error instanceof PodtrustError) return error;
    throw error;
  }
}

async function takenOut(pass: GooglePass, trust: GoogleTrust, subject: string): Promise<Removed> {
  const { clients, clock, signal, status } = pass;
  const left: string[] = [];
  const changes: BindingOutcome["changes"][number][] = [];
  const failures: PodtrustError[] = [];
  const limit = new TimeLimit(clock, { ms: maxTry, signal });
  const work = { signal: limit.signal, assertHeld: () => clients.assertHeld?.() };
  try {
    for (const email of status.emails) {
      const settle = async (): Promise<void> => {
        changes.push(...(await clients.google.settle(trust, { email, subject }, false, work)));
      };
      const failure = await failureOf(settle, limit, signal);
      if (failure === undefined) continue;
      left.push(email);
      failures.push(failure);
    }
  } finally {
    await limit.end();
  }
  return { left, changes, ...defined({ failure: failures[0] }) };
}

/** Reports service accounts that may still let the ServiceAccount in. */
export const keptEvent = (emails: readonly string[], who: string, why: string): BindingEvent => ({
  type: "Warning",
  reason: "MemberKept",
  message: `${emails.join(", ")} may let in ${who}: ${why}`,
});

/**
 * The last pass of a binding: removes its ServiceAccount from all service accounts, then lets it go. Needs neither the
 * ServiceAccount nor a grant. What Google does not remove within a minute is reported by an Event.
 */
export async function removeGoogle(pass: GooglePass): Promise<BindingOutcome> {
  const { facts, clients, status, signal } = pass;
  const { object, deletedFor } = facts;
  if (!isKept(object)) return gone;
  const { namespace = "", name } = object.metadata;
  await unannotated(pass, "gcp", googleKeys[0]);
  const trust = readableTrust(pass, readGoogleTrust);
  const subject = serviceAccountSubject(namespace, name);
  const { left, failure, changes }: Removed =
    trust === undefined ? { left: status.emails, changes: [] } : await takenOut(pass, trust, subject);
  if (failure !== undefined && deletedFor < maxWait) return { ...gone, changes, againIn: tryAgain };
  const why = failure?.message ?? "no GCPTrust says of which pool it is";
  const events = left.length === 0 ? [] : [keptEvent(left, status.principal ?? subject, why)];
  await keep(clients.cluster, object, false, signal);
  return { ...gone, changes, events };
}
