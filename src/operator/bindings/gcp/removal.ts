import { defined, PodtrustError, recordOf, TimeLimit } from "../../../core/base/index.ts";
import { googleKeys, type GoogleTrust, poolId, readGoogleTrust } from "../../../rules/bindings/gcp/index.ts";
import type { PoolName } from "../../../rules/gcp/index.ts";
import { unannotated } from "../service-account.ts";
import { gone, maxTry, maxWait, readableTrust, tryAgain } from "../last-pass.ts";
import type { BindingEvent, BindingOutcome } from "../pass.ts";
import { isKept, keep, readAgain, rewriteStatus } from "../status.ts";
import { leftMembersOf, type Membership, withMembers } from "./members.ts";
import { type GooglePass, standingPool, subjectOf } from "./pass.ts";

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

async function takenOut(pass: GooglePass, pool: PoolName, subject: string): Promise<Removed> {
  const { clients, clock, signal, status } = pass;
  const left: string[] = [];
  const changes: BindingOutcome["changes"][number][] = [];
  const failures: PodtrustError[] = [];
  const limit = new TimeLimit(clock, { ms: maxTry, signal });
  const work = { signal: limit.signal, assertHeld: () => clients.assertHeld?.() };
  try {
    for (const email of status.emails) {
      const settle = async (): Promise<void> => {
        changes.push(...(await clients.google.settle(pool, { email, subject }, false, work)));
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
 * Has the trust remember members that its binding leaves behind, and stay for them: nothing else says who made them, once
 * another process leads. Throws `cluster-conflict` if the trust has changed since it was read.
 */
async function leave(
  { clients: { cluster }, facts: { trust }, signal }: GooglePass,
  members: readonly Membership[],
): Promise<void> {
  if (trust === undefined || members.length === 0) return;
  await keep(cluster, trust, true, signal);
  const now = await readAgain(cluster, trust, signal);
  const status = recordOf(now["status"]);
  const left = withMembers(leftMembersOf(status), members);
  await rewriteStatus(cluster, now, { ...status, ...left }, signal);
}

/** What is left of a binding's members, and of which pool they are; without a pool nothing can be taken out. */
async function last(
  pass: GooglePass,
  trust: GoogleTrust | undefined,
  subject: string,
): Promise<Removed & { readonly pool?: PoolName }> {
  const pool = standingPool(pass.status) ?? trust;
  if (pool === undefined) return { left: pass.status.emails, changes: [] };
  if (trust?.gone.includes(poolId(pool)) === true) return { left: [], changes: [] };
  return { pool, ...(await takenOut(pass, pool, subject)) };
}

/**
 * The last pass of a binding: removes its ServiceAccount from all service accounts, then lets it go. Needs neither the
 * ServiceAccount nor a grant. What Google does not remove within a minute is left to the trust, and reported by an Event.
 */
export async function removeGoogle(pass: GooglePass): Promise<BindingOutcome> {
  const { facts, clients, status, signal } = pass;
  const { object, deletedFor } = facts;
  if (!isKept(object)) return gone;
  await unannotated(pass, "gcp", googleKeys[0]);
  const trust = readableTrust(pass, readGoogleTrust);
  const subject = subjectOf(object);
  const { left, failure, changes, pool } = await last(pass, trust, subject);
  if (failure !== undefined && deletedFor < maxWait) return { ...gone, changes, againIn: tryAgain };
  const why = failure?.message ?? "no GCPTrust says of which pool it is";
  const events = left.length === 0 ? [] : [keptEvent(left, status.principal ?? subject, why)];
  const isOfTrust = trust !== undefined && pool !== undefined && poolId(trust) === poolId(pool);
  const members = isOfTrust ? left.map((email) => ({ email, subject })) : [];
  await leave(pass, members);
  await keep(clients.cluster, object, false, signal);
  return { ...gone, changes, events };
}
