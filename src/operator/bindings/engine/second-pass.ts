import { isoSeconds } from "../../../core/base/index.ts";
import type { ConditionContent } from "../../../rules/bindings/index.ts";
import { digestOf } from "../../../rules/plan/index.ts";
import { headOf } from "../cluster-view.ts";
import type { BindingFacts, BindingOutcome } from "../pass.ts";
import { isAnnotated } from "../service-account.ts";
import { isKept, keyOf, versionOf } from "../status.ts";
import { roomIn } from "./decide.ts";
import { ended } from "./ending.ts";
import { readiness } from "./prove.ts";
import type { BindingRow, Bound, EnginePass, Made, RightsStatus, RowTypes } from "./row.ts";

/** What the first pass of a binding has left: all is made, and the relying party is to be asked once it knows of it. */
export interface ToProve<T extends RowTypes> {
  readonly bound: Bound<T>;
  readonly made: Pick<Made<T>, "finding" | "rights" | "seen">;
  /** All conditions but `Ready`. */
  readonly found: readonly ConditionContent[];
  /** All that the status is to have. */
  readonly rights: readonly T["right"][];
  /** What that pass judged by, and left in the status. */
  readonly basis: string;
  /** When it was left, by `elapsed`. */
  readonly at: number;
}

/** How a pass ended. */
export interface EngineOutcome<T extends RowTypes> extends BindingOutcome {
  /** What the next pass may leave it at, where nothing has changed until then. */
  readonly toProve?: ToProve<T>;
}

/** So long what was judged counts, in milliseconds: as long as a look at the relying party does. */
const longestLeft = 45_000;

/** Binding and trust as they were read, but for what podtrust writes, and the status. */
function basisOf({ object, trust }: BindingFacts, status: RightsStatus<object>): string {
  const trusted = trust && headOf(trust);
  return digestOf(JSON.parse(JSON.stringify([headOf(object), status, trusted])));
}

/** What a first pass leaves, which has announced this status, and made all that `left` names. */
export function leftToProve<T extends RowTypes>(
  { facts, clock }: EnginePass<T>,
  announced: RightsStatus<T["right"]>,
  left: Omit<ToProve<T>, "basis" | "at">,
): ToProve<T> {
  return { ...left, basis: basisOf(facts, announced), at: clock.elapsed() };
}

/**
 * Whether a whole pass would judge as the first one did: by this pass's own reading of binding, status, trust,
 * ServiceAccount and room in the grants, and by what was made from here and not changed since.
 */
function isStillSo<T extends RowTypes>(
  row: BindingRow<T>,
  pass: EnginePass<T>,
  { bound, made, basis, at }: ToProve<T>,
): boolean {
  const { facts, clock, status } = pass;
  if (row.second === "none" || clock.elapsed() - at >= longestLeft) return false;
  if (!isKept(facts.object) || basisOf(facts, status) !== basis) return false;
  const beyond = roomIn(row.rules, pass, bound.trust)?.wantedBeyond;
  const hasRoom = row.rules.grantsOf(bound.granted).every((grant) => beyond?.has(grant) !== true);
  const desired = row.annotations(bound, made);
  return hasRoom && row.second.isStillMade(bound) && desired !== undefined && isAnnotated(pass, desired);
}

/**
 * The second pass of a binding: asks the relying party, and writes the status. Undefined where anything is not as the
 * first pass left it: then a whole pass is due.
 */
export async function provedOnly<T extends RowTypes>(
  row: BindingRow<T>,
  pass: EnginePass<T>,
  left: ToProve<T>,
): Promise<EngineOutcome<T> | undefined> {
  if (!isStillSo(row, pass, left)) return undefined;
  const { status, clock, facts, signal } = pass;
  const { bound, made, found, rights } = left;
  const opened = await row.open(bound.trust, facts.object, signal);
  if (opened === undefined) return undefined;
  const provable = { proving: opened.proving, bound, made, changedAt: status.changedAt };
  const ready = await readiness(row, pass, provable, { changed: false, widened: false });
  const { againIn, isProof } = ready;
  if (ready.isSettling)
    return { conditions: status.conditions, events: [], changes: [], againIn, toProve: left };
  const cutBy = facts.trust && versionOf(facts.trust);
  return ended(row, cutBy === undefined ? pass : { ...pass, cutBy }, {
    rights,
    bound,
    found: [...found, ready.found],
    againIn,
    ...(isProof ? { proved: isoSeconds(clock.now()) } : {}),
  });
}

/** So many bindings may wait to be proven at a time: the others have another whole pass. */
const maxWaiting = 1000;

/**
 * What first passes have left, by NAMESPACE/NAME: of one term of the lease, in which no other process wrote. What was
 * changed by someone else meanwhile is forgotten, and not kept by a pass that ran when that was seen.
 */
export class FirstPasses<T extends RowTypes> {
  readonly #left = new Map<string, ToProve<T>>();
  /** Bindings whose pass runs, and whether something of them was seen to be changed since it began. */
  readonly #running = new Map<string, boolean>();

  get size(): number {
    return this.#left.size;
  }

  /** One pass of a binding, given what the one before has left; one at a time of each. */
  async had(
    { object }: Pick<BindingFacts, "object">,
    pass: (left: ToProve<T> | undefined) => Promise<EngineOutcome<T>>,
  ): Promise<BindingOutcome> {
    const key = keyOf(object);
    const left = this.#left.get(key);
    this.#left.delete(key);
    this.#running.set(key, false);
    try {
      const { toProve, ...outcome } = await pass(left);
      if (toProve !== undefined && this.#running.get(key) === false) this.#keep(key, toProve);
      return outcome;
    } finally {
      this.#running.delete(key);
    }
  }

  #keep(key: string, left: ToProve<T>): void {
    // In the order in which they were left: what nobody came for goes first.
    for (const [one, { at }] of this.#left) {
      if (left.at - at < longestLeft && this.#left.size < maxWaiting) break;
      this.#left.delete(one);
    }
    this.#left.set(key, left);
  }

  /** Something of the binding was changed by someone else. */
  forget(key: string): void {
    this.#left.delete(key);
    if (this.#running.has(key)) this.#running.set(key, true);
  }

  /** Another term begins. */
  clear(): void {
    this.#left.clear();
  }
}
