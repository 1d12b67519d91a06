import {
  asPodtrustError,
  mapLimit,
  PodtrustError,
  recordOf,
  recordsOf,
  TimeLimit,
} from "../../core/base/index.ts";
import {
  allowedOf,
  type Binding,
  bindingMark,
  mayRetain,
  scopesOf,
  readTrust,
  type Trust,
  type TrustAccount,
} from "../../rules/bindings/index.ts";
import { readArn } from "../../rules/oidc/index.ts";
import type { RoleState } from "../../providers/aws/index.ts";
import { accountAnnotations } from "../../rules/injection/index.ts";
import { unannotated } from "./service-account.ts";
import { gone, maxTry, maxWait, readableTrust, tryAgain } from "./last-pass.ts";
import type { BindingEvent, BindingFacts, BindingOutcome, Pass, RoleStatus } from "./pass.ts";
import { isKept, keep, possibleRoles } from "./status.ts";

/** The last try takes the rest of the time, but no less than this, in milliseconds. */
const shortestTry = 5000;

const namesOf = (roles: readonly RoleStatus[]): readonly string[] =>
  roles.map(({ arn }) => readArn(arn).name);

/**
 * The binding's roles that stay when it is deleted: read from the raw spec, since an otherwise invalid binding must not
 * lose a role, and only if a grant allows it.
 */
function retained(
  { object }: BindingFacts,
  trust: Trust,
  roles: readonly RoleStatus[],
): readonly RoleStatus[] {
  const { namespace = "", name } = object.metadata;
  const asked = recordsOf(recordOf(object["spec"])["roles"])
    .filter(({ managed }) => recordOf(managed)["onDelete"] === "Retain")
    .map(({ profile }) => profile);
  return roles.filter(
    ({ profile, arn }) =>
      asked.includes(profile) && mayRetain({ namespace, name }, trust, readArn(arn).account),
  );
}

async function deleteRoles(
  { clients, clock, facts, status, signal }: Pass,
  trust: Trust,
  account: TrustAccount,
  whose: Pick<Binding, "namespace" | "name">,
): Promise<{ readonly failures: readonly PodtrustError[]; readonly changes: BindingOutcome["changes"] }> {
  const own = possibleRoles(status).filter(
    ({ arn, managed }) => managed && readArn(arn).account === account.id,
  );
  const [kept, names] = [retained(facts, trust, own), namesOf(own)];
  if (names.length === 0) return { failures: [], changes: [] };
  const ms = Math.max(shortestTry, Math.min(maxTry, maxWait - facts.deletedFor));
  const limit = new TimeLimit(clock, { ms, signal });
  const errorOf = (error: unknown): PodtrustError =>
    limit.isLate
      ? new PodtrustError(
          "aws-unreachable",
          `AWS account ${account.id} gave no good answer within ${ms / 1000} s`,
        )
      : asPodtrustError(error);
  try {
    const bound = clients.aws.of(trust, account);
    clients.assertHeld?.();
    const mark = bindingMark(trust, whose);
    const allowed = (role: RoleState) => allowedOf(role, whose, trust);
    const assertHeld = (): void => clients.assertHeld?.();
    const stays = { mark, names: namesOf(kept), retain: true, allowed, assertHeld };
    const cut = kept.length === 0 ? { done: [], failed: [] } : await bound.cut(stays, limit.signal);
    signal.throwIfAborted();
    const going = names.filter((name) => !stays.names.includes(name));
    const removed = going.length === 0 ? undefined : await bound.remove(mark, going, limit.signal);
    signal.throwIfAborted();
    const failures = [...cut.failed, ...(removed?.failed ?? []).map(({ error }) => error)];
    const changed = cut.done.map((fields) => ({ kind: "update", fields }) as const);
    return { failures: failures.map(errorOf), changes: [...changed, ...(removed?.done ?? [])] };
  } catch (error) {
    signal.throwIfAborted();
    return { failures: [errorOf(error)], changes: [] };
  } finally {
    await limit.end();
  }
}

/** Reports roles that remain although their binding is being deleted. */
function leftBehind(roles: readonly RoleStatus[], why: string): readonly BindingEvent[] {
  if (roles.length === 0) return [];
  const message = `${roles.map(({ arn }) => arn).join(", ")}: ${why}`;
  return [{ type: "Warning", reason: "RoleKept", message }];
}

/** Reports roles that stay because their binding says so. */
function stayed(roles: readonly RoleStatus[]): readonly BindingEvent[] {
  if (roles.length === 0) return [];
  const message = `${roles.map(({ arn }) => arn).join(", ")}: stays, as onDelete says, and no longer lets its ServiceAccount in`;
  return [{ type: "Normal", reason: "RoleRetained", message }];
}

/**
 * The last pass of a binding: deletes its managed roles, then lets it go. Needs neither the ServiceAccount nor a grant.
 * What AWS does not delete within a minute, or has no known place, is left with an Event, and found again by its mark.
 */
export async function removeBinding(pass: Pass): Promise<BindingOutcome> {
  const { facts, clients, status, signal } = pass;
  const { object, deletedFor } = facts;
  if (!isKept(object)) return gone;
  const { namespace = "", name } = object.metadata;
  const trust = readableTrust(pass, readTrust);
  await unannotated(pass, "aws", accountAnnotations["role-arn"]);
  const accounts = trust === undefined ? [] : scopesOf(trust);
  const results = await mapLimit(accounts, (account) =>
    trust === undefined
      ? Promise.resolve({ failures: [], changes: [] })
      : deleteRoles(pass, trust, account, { namespace, name }),
  );
  const changes = results.flatMap((one) => one.changes);
  const [failure] = results.flatMap((one): readonly PodtrustError[] => one.failures);
  if (failure !== undefined && deletedFor < maxWait) return { ...gone, changes, againIn: tryAgain };
  const kept = possibleRoles(status).filter(({ managed }) => managed);
  const known = new Set(accounts.map(({ id }) => id));
  const unknown = kept.filter(({ arn }) => {
    const { account } = readArn(arn);
    return !known.has(account) && trust?.gone.includes(account) !== true;
  });
  const events = [
    ...(failure === undefined ? [] : leftBehind(kept, failure.message)),
    ...leftBehind(unknown, "no AWSTrust says how to reach the account"),
    ...(failure === undefined && trust !== undefined ? stayed(retained(facts, trust, kept)) : []),
  ];
  await keep(clients.cluster, object, false, signal);
  return { ...gone, changes, events };
}
