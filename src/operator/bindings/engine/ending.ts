import type { KubernetesObject } from "../../../providers/kubernetes/index.ts";
import type { GrantRefusal } from "../../../rules/bindings/index.ts";
import type { BindingOutcome } from "../pass.ts";
import { endedWith, nothingGranted, type PassEnding, statusHead } from "../status.ts";
import type { BindingRow, Bound, EnginePass, RightsStatus, RowTypes, Writing } from "./row.ts";

/** What a pass writes into the status. */
export interface RightsEnding<T extends RowTypes> extends Omit<PassEnding, "drift"> {
  /** Absent: unchanged. */
  readonly rights?: readonly T["right"][];
  readonly bound?: Bound<T>;
}

/** The status of a binding. */
export function statusOf<T extends RowTypes>(
  { rights }: Pick<BindingRow<T>, "rights">,
  object: KubernetesObject,
): RightsStatus<T["right"]> {
  return { ...statusHead(object), rights: rights.read(object) };
}

/** How a pass writes to its relying party. */
export function writingOf<T extends RowTypes>({ clients, clock, signal }: EnginePass<T>): Writing {
  return { clock, signal, assertHeld: () => clients.assertHeld?.() };
}

/** Ends a pass of a binding. */
export function ended<T extends RowTypes>(
  row: Pick<BindingRow<T>, "drift" | "rights">,
  pass: EnginePass<T>,
  { rights = pass.status.rights, bound, ...ending }: RightsEnding<T>,
): Promise<BindingOutcome> {
  const own = row.rights.written(rights, pass.facts.object, bound);
  // What was taken by a cut that is not complete is no drift: the trust may ask for it.
  const drift = pass.cutBy === undefined ? {} : { drift: row.drift };
  return endedWith(pass, { ...ending, ...drift }, own);
}

/** The end of a pass in which nothing may be done. */
export function refused<T extends RowTypes>(
  row: Pick<BindingRow<T>, "drift" | "interval" | "rights">,
  pass: EnginePass<T>,
  why: GrantRefusal,
  more: Partial<RightsEnding<T>> = {},
): Promise<BindingOutcome> {
  return ended(row, pass, { found: nothingGranted(why), againIn: row.interval, ...more });
}
