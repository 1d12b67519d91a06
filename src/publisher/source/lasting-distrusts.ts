import { defined } from "../../core/base/index.ts";
import { mergeStates } from "./merge-states.ts";
import type { DocumentStore } from "./store.ts";
import type { Restored } from "./stored-state.ts";

/** The current time, and for how long a key is kept; milliseconds. */
export type MergeTimes = () => { readonly now: number; readonly retention: number };

/** Messages for a lost state of which something is known elsewhere. */
function stateLost(own: string, known: string, count: number): string {
  const keys = count === 1 ? "one distrusted key stays" : `${count} distrusted keys stay`;
  return `${own} is empty, and ${known} knows of an earlier publisher of this stack: ${keys} out; keys that the cluster had dropped before are no longer published.`;
}

function restored(
  own: Restored,
  kept: Restored,
  places: readonly [string, string],
  how: MergeTimes,
): Restored {
  const warning = [own.warning, kept.warning].flatMap((one) => one ?? []).join(" ");
  const said = warning === "" ? {} : { warning };
  if (kept.unread !== undefined) {
    // The state has every distrust that this publisher accepted: then the other place's answer is not urgent.
    return own.empty === true ? { ...own, ...said, unread: warning } : { ...own, ...said };
  }
  // The other place got every distrust before it was reported as done: with its answer, an unread state is merely lost.
  const { state } = mergeStates(own.state, kept.state, how());
  if (own.empty !== true) return { state, ...said };
  if (kept.empty === true) return { state, ...said, empty: true };
  const distrusted = kept.state.ring.filter(({ distrustedAt }) => distrustedAt !== undefined);
  return { state, ...said, notice: stateLost(...places, distrusted.length) };
}

/**
 * A state whose distrusts are also stored in a second place, which outlives the machine: if the state is lost, a
 * distrusted key does not come back. A distrust in either place holds; its absence in one lifts nothing. Saving throws
 * if either refuses.
 */
export function withLastingDistrusts(
  own: DocumentStore,
  distrusts: DocumentStore,
  how: MergeTimes,
): DocumentStore {
  const listenTo = distrusts.onChange?.bind(distrusts);
  return {
    place: own.place,
    async load() {
      const [state, kept] = await Promise.all([own.load(), distrusts.load()]);
      return restored(state, kept, [own.place, distrusts.place], how);
    },
    async save(state) {
      await own.save(state);
      return distrusts.save(state);
    },
    ...defined({ onChange: listenTo }),
  };
}
