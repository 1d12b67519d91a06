import { asPodtrustError, mapLimit, PodtrustError, TimeLimit } from "../../base/index.ts";
import { type Binding, bindingMark, readTrust, type Trust, type TrustAccount } from "../../bindings/index.ts";
import { unannotate } from "./annotation.ts";
import type { BindingEvent, BindingOutcome, Turn } from "./turn.ts";
import { isKept, keep, type RoleStatus } from "./state.ts";

/** So long a binding waits for AWS before it goes all the same: a namespace must not hang on it. */
const longestWait = 60_000;
const tryAgain = 2000;
/** One try takes so long at the most, the last one the less: an AWS that says nothing must not hold up who waits behind. */
const longestTry = 20_000;
const shortestTry = 5000;

const nameOf = (arn: string): string => arn.slice(arn.lastIndexOf("/") + 1);

const gone: BindingOutcome = { conditions: [], events: [], changes: [], againIn: undefined };

async function deleteRoles(
  { clients, clock, facts, status, signal }: Turn,
  trust: Trust,
  account: TrustAccount,
  whose: Pick<Binding, "namespace" | "name">,
): Promise<{ readonly failures: readonly PodtrustError[]; readonly changes: BindingOutcome["changes"] }> {
  const names = status.roles
    .filter(({ arn, managed }) => managed && arn.split(":")[4] === account.id)
    .map(({ arn }) => nameOf(arn));
  if (names.length === 0) return { failures: [], changes: [] };
  const ms = Math.max(shortestTry, Math.min(longestTry, longestWait - facts.deletedFor));
  const limit = new TimeLimit(clock, { ms, signal });
  const told = (error: unknown): PodtrustError =>
    limit.isLate
      ? new PodtrustError(
          "aws-unreachable",
          `AWS account ${account.id} gave no good answer within ${ms / 1000} s`,
        )
      : asPodtrustError(error);
  try {
    const bound = clients.aws.of(trust, account);
    clients.assertHeld?.();
    const { done, failed } = await bound.remove(bindingMark(trust, whose), names, limit.signal);
    signal.throwIfAborted();
    return { failures: failed.map(({ error }) => told(error)), changes: done };
  } catch (error) {
    signal.throwIfAborted();
    return { failures: [told(error)], changes: [] };
  } finally {
    await limit.end();
  }
}

/** Takes the role's annotation off the ServiceAccount, where that is still there; that it cannot keeps nobody waiting. */
async function clearAnnotation({ clients, facts, signal }: Turn): Promise<void> {
  const { namespace = "", name } = facts.object.metadata;
  try {
    const account = await clients.cluster.read({ kind: "ServiceAccount", namespace, name }, { signal });
    if (account !== undefined) await unannotate(clients.cluster, account, signal);
  } catch {
    signal.throwIfAborted();
  }
}

/** Says which roles are still there although their binding goes. */
function leftBehind(roles: readonly RoleStatus[], why: string): readonly BindingEvent[] {
  if (roles.length === 0) return [];
  const message = `${roles.map(({ arn }) => arn).join(", ")}: ${why}`;
  return [{ type: "Warning", reason: "RoleKept", message }];
}

/** The trust of a binding; undefined where there is none that can be read. */
function trustOf({ facts }: Turn): Trust | undefined {
  const read = facts.trust === undefined ? undefined : readTrust(facts.trust);
  return read !== undefined && "object" in read ? read.object : undefined;
}

/**
 * The last turn of a binding: its managed roles go, then it does. Needs neither the ServiceAccount nor a grant. What AWS
 * does not let go within a minute, or nobody knows where to look for, is left with an Event, and found again by its mark.
 */
export async function removeBinding(turn: Turn): Promise<BindingOutcome> {
  const { facts, clients, status, signal } = turn;
  const { object, deletedFor } = facts;
  if (!isKept(object)) return gone;
  const { namespace = "", name } = object.metadata;
  const trust = trustOf(turn);
  await clearAnnotation(turn);
  const accounts = trust?.accounts ?? [];
  const results = await mapLimit(accounts, (account) =>
    trust === undefined
      ? Promise.resolve({ failures: [], changes: [] })
      : deleteRoles(turn, trust, account, { namespace, name }),
  );
  const changes = results.flatMap((one) => one.changes);
  const [failure] = results.flatMap((one): readonly PodtrustError[] => one.failures);
  if (failure !== undefined && deletedFor < longestWait) return { ...gone, changes, againIn: tryAgain };
  const kept = status.roles.filter(({ managed }) => managed);
  const known = new Set(accounts.map(({ id }) => id));
  const unknown = kept.filter(({ arn }) => !known.has(arn.split(":")[4] ?? ""));
  const events = [
    ...(failure === undefined ? [] : leftBehind(kept, failure.message)),
    ...leftBehind(unknown, "no AWSTrust says how to reach the account"),
  ];
  await keep(clients.cluster, object, false, signal);
  return { ...gone, changes, events };
}
