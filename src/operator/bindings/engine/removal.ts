import { defined, recordOf } from "../../../core/base/index.ts";
import { partyNames } from "../../../rules/bindings/index.ts";
import { gone, maxTry, maxWait, readableTrust, tryAgain } from "../last-pass.ts";
import type { BindingEvent, BindingOutcome } from "../pass.ts";
import { unannotated } from "../service-account.ts";
import { isKept, keep, readAgain, rewriteStatus } from "../status.ts";
import { deletedClosed, takenAway } from "./cut.ts";
import { writingOf } from "./ending.ts";
import type { BindingRow, EnginePass, Opened, Removed, RowTypes } from "./row.ts";

async function takenFrom<T extends RowTypes>(
  row: BindingRow<T>,
  pass: EnginePass<T>,
  { taking }: Opened<T>,
  rights: readonly T["right"][],
): Promise<Removed<T["right"]>> {
  const { isOpen } = row.rights;
  if (!("take" in taking))
    return taking.end(rights, { ...writingOf(pass), deletedFor: pass.facts.deletedFor });
  const writing = { ...writingOf(pass), ms: maxTry };
  const cut = await takenAway<T["right"]>(row, (right, own) => taking.take(right, own), rights, writing);
  const closed = cut.left.filter((one) => !isOpen(one));
  const deleted = await deletedClosed(row, taking, closed, writing);
  const changes = [...cut.changes, ...deleted.changes];
  const [failure] = [...cut.failures, ...deleted.failures];
  const why = failure?.message ?? "its turn did not come in time";
  const left = cut.left.filter(isOpen).map((right) => ({ right, why }));
  return { left, closed: deleted.stays, changes, wait: cut.wait, ...defined({ failure }) };
}

/** Takes all rights of a binding away, and deletes what was made for it. */
async function removed<T extends RowTypes>(
  row: BindingRow<T>,
  pass: EnginePass<T>,
  trust: T["trust"] | undefined,
): Promise<Removed<T["right"]>> {
  const { facts, status, signal } = pass;
  const { isMade, scopeId } = row.rights;
  const rights = status.rights.filter(
    (one) => isMade(one) && trust?.gone.includes(scopeId(one) ?? "") !== true,
  );
  const all = (why: string) => rights.map((right) => ({ right, why }));
  const none = { closed: [], changes: [], wait: 0 };
  if (rights.length === 0) return { ...none, left: [] };
  try {
    const opened = await row.open(trust, facts.object, signal);
    if (opened !== undefined) return await takenFrom(row, pass, opened, rights);
    const { kind } = partyNames[row.rules.party].trust;
    return { ...none, left: all(`no ${kind} says how to reach it`) };
  } catch (error) {
    signal.throwIfAborted();
    if (!row.isVendors(error)) throw error;
    return { ...none, left: all(error.message), failure: error };
  }
}

/**
 * Has the trust remember rights that its binding leaves behind, where nothing else says who made them, and stay for
 * them. Throws `cluster-conflict` if the trust has changed since it was read.
 */
async function leave<T extends RowTypes>(
  { memory }: Pick<BindingRow<T>, "memory">,
  { clients: { cluster }, facts: { object, trust: there }, signal }: EnginePass<T>,
  trust: T["trust"] | undefined,
  left: readonly T["right"][],
): Promise<void> {
  if (memory === "none" || trust === undefined || there === undefined) return;
  const own = left.filter((right) => memory.isOf(trust, right));
  if (own.length === 0) return;
  await keep(cluster, there, true, signal);
  const now = await readAgain(cluster, there, signal);
  const status = recordOf(now["status"]);
  await rewriteStatus(cluster, now, { ...status, ...memory.with(status, own, object) }, signal);
}

/**
 * The last pass of a binding: takes its rights away, deletes what was made for it, then lets it go. Needs neither the
 * ServiceAccount nor a grant. What its relying party does not take within a minute, or has no known place, is left with
 * an Event, and the trust's own passes find it again.
 */
export async function removeBinding<T extends RowTypes>(
  row: BindingRow<T>,
  pass: EnginePass<T>,
): Promise<BindingOutcome> {
  const { facts, clients, signal } = pass;
  const { object, deletedFor } = facts;
  if (!isKept(object)) return gone;
  await unannotated(pass, row.rules.party, row.annotation);
  const trust = readableTrust(pass, row.rules.readTrust);
  const { left, closed, changes, failure, wait } = await removed(row, pass, trust);
  if (failure !== undefined && deletedFor < maxWait) return { ...gone, changes, againIn: tryAgain };
  if (wait > 0 && deletedFor < row.maxTurn) return { ...gone, changes, againIn: wait };
  const warning = { type: "Warning", reason: row.keptReason } as const;
  const events = [...closed, ...left].map(({ right, why, event = warning }): BindingEvent => ({
    ...event,
    message: row.rights.kept(right, why, object),
  }));
  await leave(
    row,
    pass,
    trust,
    left.map(({ right }) => right),
  );
  await keep(clients.cluster, object, false, signal);
  return { ...gone, changes, events };
}
