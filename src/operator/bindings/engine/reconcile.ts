import { type Clock, defined } from "../../../core/base/index.ts";
import type { GrantRefusal } from "../../../rules/bindings/index.ts";
import type { BindingFacts, ClusterClients } from "../pass.ts";
import { changedAtOf, foundOf, isEnding, soon, versionOf } from "../status.ts";
import { takenAway } from "./cut.ts";
import { type Decided, decidedBy, isCutBefore, limitsOf, standsBy, trustRead } from "./decide.ts";
import { ended, refused, statusOf, writingOf } from "./ending.ts";
import { removeBinding } from "./removal.ts";
import type { BindingRow, Cut, CutLimits, EnginePass, Opened, RowTypes, Taken, Writing } from "./row.ts";
import { type EngineOutcome, provedOnly, type ToProve } from "./second-pass.ts";
import { bind } from "./widen.ts";

/** A trust, and its relying party as it was reached. */
interface Reached<T extends RowTypes> {
  readonly trust: T["trust"];
  readonly opened: Opened<T>;
}

/** What was cut, and what stands. */
interface Standing<T extends RowTypes> {
  readonly cut: Cut<T["right"]>;
  readonly kept: readonly T["right"][];
}

/** Takes these rights away; of those in a place that a person says is gone nobody is asked. */
function taken<T extends RowTypes>(
  row: BindingRow<T>,
  pass: EnginePass<T>,
  { trust, rights }: Pick<Reached<T>, "trust"> & { readonly rights: readonly T["right"][] },
  take: (right: T["right"], writing: Writing) => Promise<Taken<T["right"]>>,
): Promise<Cut<T["right"]>> {
  const there = rights.filter((one) => !trust.gone.includes(row.rights.scopeId(one) ?? ""));
  return takenAway(row, take, there, writingOf(pass));
}

/** Cuts done one after another. */
const both = <Right>(one: Cut<Right>, next: Cut<Right>): Cut<Right> => ({
  left: [...one.left, ...next.left],
  changes: [...one.changes, ...next.changes],
  wait: Math.max(one.wait, next.wait),
  failures: [...one.failures, ...next.failures],
});

function sinceOf<T extends RowTypes>(pass: EnginePass<T>): CutLimits<T>["since"] {
  if (isCutBefore(pass)) return "same";
  const { observedTrust, rights } = pass.status;
  return observedTrust === undefined && rights.length === 0 ? "new" : "changed";
}

/** Takes what no grant of the trust allows. `granted`: chooses among grants that allow as much of a right, and no more. */
async function cutBeyond<T extends RowTypes>(
  row: BindingRow<T>,
  pass: EnginePass<T>,
  { trust, opened: { taking, own } }: Reached<T>,
  granted: T["granted"] | undefined,
): Promise<Standing<T>> {
  const { rights } = pass.status;
  const limited = limitsOf(row.rules, pass, trust);
  if (!("take" in taking)) {
    const limits = { trust: limited, granted, since: sinceOf(pass) };
    const done = await taking.cut(limits, rights, writingOf(pass));
    return { cut: { ...done, left: [], wait: 0 }, kept: rights };
  }
  const stands = standsBy(row.rights, pass, { trust: limited, taking, own });
  const beyond = { trust, rights: rights.filter((had) => !stands(had)) };
  const cut = await taken(row, pass, beyond, (right, writing) => taking.take(right, writing));
  return { cut, kept: rights.filter(stands) };
}

/**
 * First what no grant of the trust allows is taken away: what the binding asks for has no part in that. Then what it
 * asks for no longer. A refused write keeps nothing else from being taken, and ends the pass.
 */
async function cutAll<T extends RowTypes>(
  row: BindingRow<T>,
  pass: EnginePass<T>,
  where: Reached<T>,
  one: Decided<T>,
): Promise<Standing<T>> {
  const { trust, opened } = where;
  const { taking } = opened;
  const beyond = await cutBeyond(row, pass, where, "granted" in one ? one.granted : undefined);
  const standing = beyond.kept;
  if (!("granted" in one)) return beyond;
  const asked = row.rights.asked({ ...one, trust }, standing);
  const isAsked = (had: T["right"]): boolean => asked.some((other) => row.rights.isSame(had, other));
  const unasked = { trust, rights: standing.filter((had) => !isAsked(had)) };
  const dropped = await taken(row, pass, unasked, (right, writing) =>
    "take" in taking ? taking.take(right, writing) : taking.drop(right, writing),
  );
  return { cut: both(beyond.cut, dropped), kept: standing.filter(isAsked) };
}

/** What was granted, unless it is podtrust itself. */
function unlessOwn<T extends RowTypes>(
  { rights }: BindingRow<T>,
  { trust, opened }: Reached<T>,
  one: Decided<T>,
): Decided<T> {
  if (!("granted" in one)) return one;
  const [refusal] = rights
    .asked({ ...one, trust }, [])
    .flatMap((asked) => rights.reserved(asked, opened.own) ?? []);
  return refusal ?? one;
}

/** A pass with a readable trust: what is to be taken goes first, whatever comes of the rest. */
async function byTrust<T extends RowTypes>(
  row: BindingRow<T>,
  pass: EnginePass<T>,
  { trust, opened }: Reached<T>,
  decided: Decided<T>,
): Promise<EngineOutcome<T>> {
  const one = unlessOwn(row, { trust, opened }, decided);
  const { cut, kept } = await cutAll(row, pass, { trust, opened }, one);
  const more = {
    rights: [...kept, ...cut.left],
    changes: cut.changes,
    ...defined({ changedAt: changedAtOf(pass, cut.changes.length > 0) }),
  };
  const [failure] = cut.failures;
  if (failure !== undefined) {
    const found = [foundOf("Ready", row.trouble(failure, row.from(trust)))];
    return ended(row, pass, { ...more, found, againIn: soon });
  }
  if (cut.wait > 0)
    return ended(row, pass, { ...more, found: [foundOf("Ready", row.waiting)], againIn: cut.wait });
  const done = cutBy(pass);
  return "granted" in one
    ? bind(row, done, { opened, cut, kept, bound: { ...one, trust }, isKnown: isCutBefore(pass) })
    : refused(row, done, one, more);
}

/** A pass that has cut by its trust. */
function cutBy<T extends RowTypes>(pass: EnginePass<T>): EnginePass<T> {
  return { ...pass, ...defined({ cutBy: pass.facts.trust && versionOf(pass.facts.trust) }) };
}

async function passOf<T extends RowTypes>(
  row: BindingRow<T>,
  pass: EnginePass<T>,
): Promise<EngineOutcome<T>> {
  const { facts, signal, status } = pass;
  const read = trustRead(row.rules, facts.trust);
  if (read !== undefined && "reason" in read) return refused(row, pass, read);
  const one = decidedBy(row.rules, pass, read?.trust);
  // What has nothing and is granted nothing has nothing to ask.
  const isAsking = "granted" in one || status.rights.length > 0 || row.rights.known === "by their mark";
  const opened =
    read !== undefined && isAsking ? await row.open(read.trust, facts.object, signal) : undefined;
  if (read !== undefined && opened !== undefined)
    return byTrust(row, pass, { trust: read.trust, opened }, one);
  const why: GrantRefusal = "granted" in one ? { reason: "TrustMissing", message: "" } : one;
  return refused(row, read === undefined ? pass : cutBy(pass), why);
}

/**
 * One pass of a binding: brings its relying party, the ServiceAccount and the binding's status to what the binding says
 * and a grant allows, and proves it by asking as the ServiceAccount; only the latter where its first pass has `left`
 * that, and nothing has changed since. The order is: cut, announce, widen, annotate, prove, status. May be cut off
 * anywhere and repeated. Throws if the status cannot be written, and the signal's reason.
 */
export async function reconcile<T extends RowTypes>(
  row: BindingRow<T>,
  facts: BindingFacts,
  clients: ClusterClients,
  {
    clock,
    signal,
    left,
  }: { readonly clock: Clock; readonly signal: AbortSignal; readonly left?: ToProve<T> | undefined },
): Promise<EngineOutcome<T>> {
  const pass: EnginePass<T> = { facts, clients, clock, signal, status: statusOf(row, facts.object) };
  if (isEnding(facts.object)) return removeBinding(row, pass);
  try {
    return (left && (await provedOnly(row, pass, left))) ?? (await passOf(row, pass));
  } catch (error) {
    signal.throwIfAborted();
    if (!row.isVendors(error)) throw error;
    return ended(row, pass, { found: [foundOf("Ready", row.trouble(error, row.vendor))], againIn: soon });
  }
}
