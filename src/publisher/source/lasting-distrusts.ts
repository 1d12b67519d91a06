import { defined } from "../../core/base/index.ts";
import type { DocumentStore } from "./store.ts";
import type { Restored } from "./stored-state.ts";

/** Messages for a lost state of which something is known elsewhere. */
function stateLost(own: string, known: string, count: number): string {
  const keys = count === 1 ? "one distrusted key stays" : `${count} distrusted keys stay`;
  return `${own} is empty, and ${known} knows of an earlier publisher of this stack: ${keys} out; keys that the cluster had dropped before are no longer published.`;
}

function restored(own: Restored, kept: Restored, places: readonly [string, string]): Restored {
  const warning = [own.warning, kept.warning].flatMap((one) => one ?? []).join(" ");
  const all = { state: own.state, ...(warning === "" ? {} : { warning }), ...defined({ said: kept.said }) };
  // The state has every distrust that this publisher accepted: then the other place's answer is not urgent.
  if (own.empty !== true) return all;
  if (kept.unread !== undefined) return { ...all, empty: true, unread: warning };
  // The other place got every distrust before it was reported as done: with its answer, an unread state is merely lost.
  if (kept.empty === true) return { ...all, empty: true };
  return { ...all, notice: stateLost(...places, (kept.said ?? []).length) };
}

/**
 * A state whose distrusts are also stored in a second place, which outlives the machine: if the state is lost, a
 * distrusted key does not come back. What the second place says is weighed, since others may write there; its silence
 * lifts nothing. Saving throws if either refuses.
 */
export function withLastingDistrusts(own: DocumentStore, distrusts: DocumentStore): DocumentStore {
  const listenTo = distrusts.onChange?.bind(distrusts);
  return {
    place: own.place,
    async load() {
      const [state, kept] = await Promise.all([own.load(), distrusts.load()]);
      return restored(state, kept, [own.place, distrusts.place]);
    },
    async save(state) {
      await own.save(state);
      return distrusts.save(state);
    },
    ...defined({ onChange: listenTo }),
  };
}
