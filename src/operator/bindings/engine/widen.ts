import { asPodtrustError, defined, isoSeconds } from "../../../core/base/index.ts";
import { type ConditionContent, conditionOf, partyNames } from "../../../rules/bindings/index.ts";
import type { Finding } from "../../../stack/index.ts";
import type { BindingOutcome } from "../pass.ts";
import { annotatedWith, requestedToken } from "../service-account.ts";
import { ageOf, changedAtOf, foundOf, isProofFresh, keep, remember, soon, writeStatus } from "../status.ts";
import { type Cut, deletedClosed } from "./cut.ts";
import { ended, writingOf } from "./ending.ts";
import type { BindingRow, Bound, EnginePass, Made, Opened, RowTypes } from "./row.ts";

/** A binding that is granted something, after the cut. */
export interface Binding<T extends RowTypes> {
  readonly opened: Opened<T>;
  readonly bound: Bound<T>;
  readonly cut: Cut<T["right"]>;
  /** What it has of what it asks for, after the cut. */
  readonly kept: readonly T["right"][];
  /** Whether nothing that matters has changed since the last pass. */
  readonly isKnown: boolean;
}

function grantedBy<T extends RowTypes>({ rules }: BindingRow<T>, { trust, granted }: Bound<T>) {
  const message = `by grant ${granted.grant} of ${partyNames[rules.party].trust.kind} ${trust.name}`;
  return { type: "Granted", reason: "BindingGranted", message } as const satisfies ConditionContent;
}

/** What the status has: what the binding has now, and what is left of earlier rights. */
function listed<T extends RowTypes>(
  { rights: { isSame } }: BindingRow<T>,
  right: T["right"] | undefined,
  left: readonly T["right"][],
): readonly T["right"][] {
  return right === undefined ? left : [right, ...left.filter((one) => !isSame(one, right))];
}

/**
 * Records in the status what is about to be made: a binding that is deleted or changed while its pass is cut off is
 * still known to have it. Returns the pass to continue with.
 */
async function announced<T extends RowTypes>(
  row: BindingRow<T>,
  pass: EnginePass<T>,
  { bound, cut: { left }, kept }: Binding<T>,
): Promise<EnginePass<T>> {
  const { facts, clients, clock, status, signal } = pass;
  const { asked, isOpen, written } = row.rights;
  const right = asked(bound, status.rights);
  if (right === undefined || kept.some(isOpen)) return pass;
  const at = { now: clock.now(), generation: facts.object.metadata.generation ?? 0 };
  const first = [grantedBy(row, bound), foundOf("Ready", row.pending)];
  const conditions =
    status.conditions.length > 0 ? status.conditions : first.map((one) => conditionOf(one, [], at));
  const { rights: _before, ...head } = status;
  const rights = listed(row, right, left);
  const next = { ...head, ...written(rights, facts.object, bound), conditions };
  await writeStatus(clients.cluster, facts.object, next, signal);
  return { ...pass, status: { ...status, rights, conditions } };
}

/** Makes what the binding is granted; if something keeps all from being made there, nothing is announced. */
async function widened<T extends RowTypes>(
  row: BindingRow<T>,
  before: EnginePass<T>,
  binding: Binding<T>,
): Promise<{ readonly pass: EnginePass<T>; readonly made: Made<T["right"]> }> {
  const { bound, opened, isKnown, kept } = binding;
  const { making } = opened;
  const right = kept.find(row.rights.isOpen);
  try {
    const bars = await making.bars(bound, before.signal);
    if (bars !== undefined) return { pass: before, made: { finding: bars, right, changes: [], wait: 0 } };
  } catch (error) {
    before.signal.throwIfAborted();
    if (!row.isVendors(error)) throw error;
    const finding = row.trouble(error, row.from(bound.trust));
    return { pass: before, made: { finding, right, changes: [], wait: 0 } };
  }
  const pass = await announced(row, before, binding);
  return { pass, made: await making.make(bound, { right, isKnown }, writingOf(pass)) };
}

/** Deletes what was made for the binding and that it no longer asks for, once it has the rest; returns what still is there. */
async function withoutUnused<T extends RowTypes>(
  row: BindingRow<T>,
  pass: EnginePass<T>,
  { opened, cut }: Binding<T>,
  { isMade, right }: { readonly isMade: boolean; readonly right: T["right"] | undefined },
): Promise<readonly T["right"][]> {
  if (!isMade) return cut.left;
  const { isOpen, isSame } = row.rights;
  const others = cut.left.filter((one) => right === undefined || !isSame(one, right));
  const closed = others.filter((one) => !isOpen(one));
  // What stays lets nobody in; the next pass tries again.
  const { stays } = await deletedClosed(row, opened.taking, closed, writingOf(pass));
  return [...others.filter(isOpen), ...stays.map((one) => one.right)];
}

/** The ServiceAccount with what its pods need; undefined while that is unknown. */
async function annotated<T extends RowTypes>(
  row: BindingRow<T>,
  pass: EnginePass<T>,
  bound: Bound<T>,
  made: Made<T["right"]>,
): Promise<{ readonly finding: Finding; readonly there: boolean } | undefined> {
  const desired = row.annotations(bound, made);
  return desired === undefined ? undefined : annotatedWith(pass, desired);
}

/** A finding that is not good. */
const wrong = (one: Finding | undefined): Finding | undefined => (one?.outcome === "ok" ? undefined : one);

/** What the relying party answers the ServiceAccount now. */
async function answered<T extends RowTypes>(
  row: BindingRow<T>,
  pass: EnginePass<T>,
  { opened: { proving }, bound }: Binding<T>,
  { right, changedAt }: { readonly right: T["right"] | undefined; readonly changedAt: string | undefined },
): Promise<Finding> {
  const token = await requestedToken(pass, proving.audience(bound));
  if ("reason" in token) return token;
  const { signal } = pass;
  try {
    const age = ageOf(pass, Date.parse(changedAt ?? ""));
    return await proving.ask(bound, right, { jwt: token.token, age, signal });
  } catch (error) {
    signal.throwIfAborted();
    return row.trouble(asPodtrustError(error), row.from(bound.trust));
  }
}

/** What `Ready` says, and when to ask again. */
interface Readiness {
  readonly found: ConditionContent;
  readonly isProof: boolean;
  readonly againIn: number;
}

/** The last proof while it is fresh, else a new one. */
async function readiness<T extends RowTypes>(
  row: BindingRow<T>,
  pass: EnginePass<T>,
  binding: Binding<T>,
  last: {
    readonly right: T["right"] | undefined;
    readonly changedAt: string | undefined;
    readonly changed: boolean;
    /** Whether something was made, and not only taken. */
    readonly widened: boolean;
  },
): Promise<Readiness> {
  const { accepted, settling, every, afterChange } = row.proof;
  const stood = pass.status.conditions.find(({ type }) => type === "Ready");
  if (stood !== undefined && isProofFresh(pass, last.changed)) {
    const { type, reason, message } = stood;
    return { found: { type, reason, message }, isProof: false, againIn: row.interval };
  }
  const said =
    last.widened && afterChange !== undefined ? afterChange : await answered(row, pass, binding, last);
  const found = foundOf("Ready", said);
  if (said.outcome === "ok") return { found, isProof: said.reason === accepted, againIn: row.interval };
  return { found, isProof: false, againIn: said.reason === settling ? every : soon };
}

/**
 * What a binding is granted: announced, made, annotated and proven, in this order. The trust remembers where, before
 * anything is made there.
 */
export async function bind<T extends RowTypes>(
  row: BindingRow<T>,
  before: EnginePass<T>,
  binding: Binding<T>,
): Promise<BindingOutcome> {
  const { facts, clients, signal, clock } = before;
  const { bound, cut, kept } = binding;
  await keep(clients.cluster, facts.object, true, signal);
  await remember(before, [row.rules.scopeOf(bound.trust, bound.granted)]);
  const { pass, made } = await widened(row, before, binding);
  const { finding, right = kept[0], wait } = made;
  const isMade = finding.outcome === "ok";
  const changes = [...cut.changes, ...made.changes];
  const changed = changes.length > 0;
  const changedAt = changedAtOf(pass, changed);
  const left = await withoutUnused(row, pass, binding, { isMade, right });
  const found: ConditionContent[] = [grantedBy(row, bound), foundOf(row.inSync, finding)];
  const more = { rights: listed(row, right, left), bound, changes, ...defined({ changedAt }) };
  const account = await annotated(row, pass, bound, made);
  if (account !== undefined) found.push(foundOf("ServiceAccount", account.finding));
  const stops = isMade ? wrong(account?.finding) : finding;
  // The relying party says whether the ServiceAccount gets in anyway; without a token it cannot be asked.
  if (stops !== undefined && (!isMade || account?.there !== true)) {
    const againIn = wait > 0 ? wait : soon;
    return ended(row, pass, { ...more, found: [...found, foundOf("Ready", stops)], againIn });
  }
  const ready = await readiness(row, pass, binding, {
    right,
    changedAt,
    changed,
    widened: made.changes.length > 0,
  });
  return ended(row, pass, {
    ...more,
    found: [...found, stops === undefined ? ready.found : foundOf("Ready", stops)],
    againIn: ready.againIn,
    ...(ready.isProof ? { proved: isoSeconds(clock.now()) } : {}),
  });
}
