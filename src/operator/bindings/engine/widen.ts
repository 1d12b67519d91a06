import { defined, isoSeconds } from "../../../core/base/index.ts";
import { type ConditionContent, conditionOf, partyNames } from "../../../rules/bindings/index.ts";
import type { Finding } from "../../../stack/index.ts";
import { annotatedWith } from "../service-account.ts";
import { changedAtOf, foundOf, keep, remember, soon, writeStatus } from "../status.ts";
import { deletedClosed } from "./cut.ts";
import { ended, type RightsEnding, writingOf } from "./ending.ts";
import { readiness } from "./prove.ts";
import type { BindingRow, Bound, Cut, EnginePass, Made, Opened, RightsStatus, RowTypes } from "./row.ts";
import { type EngineOutcome, leftToProve } from "./second-pass.ts";

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
  const grants = [...new Set(rules.grantsOf(granted))].map((grant) => `grant ${grant}`).join(", ");
  const message = `by ${grants} of ${partyNames[rules.party].trust.kind} ${trust.name}`;
  return { type: "Granted", reason: "BindingGranted", message } as const satisfies ConditionContent;
}

/** What the status has: what the binding has now, and what is left of earlier rights. */
function listed<T extends RowTypes>(
  { rights: { isSame } }: BindingRow<T>,
  rights: readonly T["right"][],
  left: readonly T["right"][],
): readonly T["right"][] {
  return [...rights, ...left.filter((one) => !rights.some((other) => isSame(one, other)))];
}

/** A pass after its announcement. */
interface Announced<T extends RowTypes> {
  readonly pass: EnginePass<T>;
  /** The status as it was written then, if it had no conditions. */
  readonly first: RightsStatus<T["right"]> | undefined;
}

const generationOf = <T extends RowTypes>({ facts }: EnginePass<T>): number =>
  facts.object.metadata.generation ?? 0;

/** Writes the status of a pass that goes on. */
async function said<T extends RowTypes>(
  row: BindingRow<T>,
  { facts, clients, signal }: EnginePass<T>,
  status: RightsStatus<T["right"]>,
  bound: Bound<T>,
): Promise<void> {
  const { rights, ...head } = status;
  const next = { ...head, ...row.rights.written(rights, facts.object, bound) };
  await writeStatus(clients.cluster, facts.object, next, signal);
}

/**
 * Records in the status what is about to be made: a binding that is deleted or changed while its pass is cut off is
 * still known to have it. For a new binding it also writes the conditions that hold until the relying party knows of it.
 */
async function announced<T extends RowTypes>(
  row: BindingRow<T>,
  pass: EnginePass<T>,
  { bound, cut: { left }, kept }: Binding<T>,
): Promise<Announced<T>> {
  const { clock, status } = pass;
  const { asked, isMade, isOpen, isSame } = row.rights;
  const open = kept.filter(isOpen);
  const added = asked(bound, status.rights).filter(
    (one) => isMade(one) && !open.some((had) => isSame(had, one)),
  );
  if (added.length === 0) return { pass, first: undefined };
  const at = { now: clock.now(), generation: generationOf(pass) };
  const isNew = status.conditions.length === 0;
  const conditions = isNew
    ? [grantedBy(row, bound), foundOf("Ready", row.pending)].map((one) => conditionOf(one, [], at))
    : status.conditions;
  // The cut of this pass is complete, and a second one only proves.
  const judged = { observedGeneration: at.generation, ...defined({ observedTrust: pass.cutBy }) };
  const begun = isNew && row.second !== "none" ? { ...judged, changedAt: isoSeconds(at.now) } : {};
  const rights = listed(row, [...open, ...added], left);
  const next = { ...status, ...begun, conditions, rights };
  await said(row, pass, next, bound);
  return { pass: { ...pass, status: { ...status, rights, conditions } }, first: isNew ? next : undefined };
}

/** Says in a binding's status what will be done with what somebody else made, before any of it is changed. */
class Notice<T extends RowTypes> {
  readonly #row: BindingRow<T>;
  readonly #pass: EnginePass<T>;
  readonly #bound: Bound<T>;
  readonly #status: RightsStatus<T["right"]>;
  readonly #texts: string[] = [];

  constructor(row: BindingRow<T>, { pass, first }: Announced<T>, bound: Bound<T>) {
    this.#row = row;
    this.#pass = pass;
    this.#bound = bound;
    this.#status = first ?? pass.status;
  }

  /** That the binding is granted, and what was said. */
  get granted(): ConditionContent {
    const granted = grantedBy(this.#row, this.#bound);
    return { ...granted, message: [granted.message, ...this.#texts].join("; ") };
  }

  /** Throws if the status cannot be written. */
  async say(texts: readonly string[]): Promise<void> {
    if (texts.length === 0) return;
    this.#texts.push(...texts);
    const at = { now: this.#pass.clock.now(), generation: generationOf(this.#pass) };
    const granted = conditionOf(this.granted, this.#status.conditions, at);
    const others = this.#status.conditions.filter(({ type }) => type !== granted.type);
    const status = { ...this.#status, conditions: [granted, ...others] };
    await said(this.#row, this.#pass, status, this.#bound);
  }
}

/** What was made, and what the status said of it meanwhile. */
interface Widened<T extends RowTypes> extends Announced<T> {
  readonly made: Made<T>;
  readonly granted: ConditionContent;
}

/** Makes what the binding is granted; if something keeps all from being made there, nothing is announced. */
async function widened<T extends RowTypes>(
  row: BindingRow<T>,
  before: EnginePass<T>,
  binding: Binding<T>,
): Promise<Widened<T>> {
  const { bound, opened, isKnown, kept, cut } = binding;
  const { making } = opened;
  const barred = (finding: Finding): Widened<T> => ({
    pass: before,
    first: undefined,
    made: { finding, rights: kept, changes: [], wait: 0 },
    granted: grantedBy(row, bound),
  });
  try {
    const bars = await making.bars(bound, before.signal);
    if (bars !== undefined) return barred(bars);
  } catch (error) {
    before.signal.throwIfAborted();
    if (!row.isVendors(error)) throw error;
    return barred(row.trouble(error, row.from(bound.trust)));
  }
  const begun = await announced(row, before, binding);
  const notice = new Notice(row, begun, bound);
  const writing = { ...writingOf(begun.pass), tell: (texts: readonly string[]) => notice.say(texts) };
  const rights = kept.filter(row.rights.isOpen);
  const made = await making.make(bound, { rights, left: cut.left, isKnown }, writing);
  return { ...begun, made, granted: notice.granted };
}

/** Deletes what was made for the binding and that it no longer asks for, once it has the rest; returns what still is there. */
async function withoutUnused<T extends RowTypes>(
  row: BindingRow<T>,
  pass: EnginePass<T>,
  { opened: { taking }, cut }: Binding<T>,
  { finding, rights, left = cut.left }: Made<T>,
): Promise<readonly T["right"][]> {
  if (finding.outcome !== "ok") return left;
  const { isOpen, isSame } = row.rights;
  const others = left.filter((one) => !rights.some((other) => isSame(one, other)));
  const closed = others.filter((one) => !isOpen(one));
  if (!("remove" in taking)) return others;
  // What stays lets nobody in; the next pass tries again.
  const { stays } = await deletedClosed(row, taking, closed, writingOf(pass));
  return [...others.filter(isOpen), ...stays.map((one) => one.right)];
}

/** The ServiceAccount with what its pods need; undefined while that is unknown. */
async function annotated<T extends RowTypes>(
  row: BindingRow<T>,
  pass: EnginePass<T>,
  bound: Bound<T>,
  made: Made<T>,
): Promise<{ readonly finding: Finding; readonly there: boolean } | undefined> {
  const desired = row.annotations(bound, made);
  return desired === undefined ? undefined : annotatedWith(pass, desired);
}

/** A finding that is not good. */
const wrong = (one: Finding | undefined): Finding | undefined => (one?.outcome === "ok" ? undefined : one);

/** A pass whose rights are made, and what else keeps the binding from being Ready. */
interface Concluding<T extends RowTypes> extends Pick<Widened<T>, "first" | "made" | "pass"> {
  readonly ending: Pick<RightsEnding<T>, "bound" | "changedAt"> &
    Required<Pick<RightsEnding<T>, "changes" | "found" | "rights">>;
  readonly changed: boolean;
  readonly stops: Finding | undefined;
}

/** Proves what was made, and ends the pass: of a first one only what the status already says may hold. */
async function proven<T extends RowTypes>(
  row: BindingRow<T>,
  { bound, opened: { proving } }: Binding<T>,
  { pass, first, made, ending, changed, stops }: Concluding<T>,
): Promise<EngineOutcome<T>> {
  const { changes, found, rights, changedAt } = ending;
  const provable = { proving, bound, made, changedAt };
  const ready = await readiness(row, pass, provable, { changed, widened: made.changes.length > 0 });
  if (first !== undefined && row.second !== "none" && stops === undefined && ready.isSettling) {
    const toProve = leftToProve(pass, first, { bound, made, found, rights });
    return { conditions: first.conditions, events: [], changes, againIn: ready.againIn, toProve };
  }
  // Where anything is left to be done, it is tried again soon enough.
  const isWhole = stops === undefined && rights.length === made.rights.length;
  return ended(row, pass, {
    ...ending,
    found: [...found, stops === undefined ? ready.found : foundOf("Ready", stops)],
    againIn: isWhole ? ready.againIn : Math.min(ready.againIn, row.interval),
    ...(ready.isProof ? { proved: isoSeconds(pass.clock.now()) } : {}),
  });
}

/**
 * What a binding is granted: announced, made, annotated and proven, in this order. The trust remembers where, before
 * anything is made there.
 */
export async function bind<T extends RowTypes>(
  row: BindingRow<T>,
  before: EnginePass<T>,
  binding: Binding<T>,
): Promise<EngineOutcome<T>> {
  const { facts, clients, signal } = before;
  const { bound, cut } = binding;
  await keep(clients.cluster, facts.object, true, signal);
  await remember(before, row.rules.placesOf(bound.trust, bound.granted));
  const done = await widened(row, before, binding);
  const { pass, made, granted } = done;
  const { finding, wait } = made;
  const isMade = finding.outcome === "ok";
  const changes = [...cut.changes, ...made.changes];
  const changed = changes.length > 0;
  const changedAt = changedAtOf(pass, changed);
  const left = await withoutUnused(row, pass, binding, made);
  const found: ConditionContent[] = [granted, foundOf(row.inSync, finding)];
  const rights = listed(row, made.rights, left);
  const more = { rights, bound, changes, ...defined({ changedAt }) };
  const account = await annotated(row, pass, bound, made);
  if (account !== undefined) found.push(foundOf("ServiceAccount", account.finding));
  const stops = isMade ? wrong(account?.finding) : finding;
  // The relying party says whether the ServiceAccount gets in anyway; without a token it cannot be asked.
  if (stops !== undefined && (!isMade || account?.there !== true)) {
    const againIn = wait > 0 ? wait : soon;
    return ended(row, pass, { ...more, found: [...found, foundOf("Ready", stops)], againIn });
  }
  return proven(row, binding, { ...done, ending: { ...more, found }, changed, stops });
}
