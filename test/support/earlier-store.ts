import type { Clock } from "../../src/core/base/index.ts";
import { SharedSecret } from "../../src/providers/kubernetes/index.ts";
import { mergeStates } from "../../src/publisher/source/merge-states.ts";
import { emptyState } from "../../src/publisher/source/state.ts";
import type { DocumentStore } from "../../src/publisher/source/store.ts";
import { readState, stateText } from "../../src/publisher/source/stored-state.ts";
import type { OneSecret } from "./one-secret.ts";
import { MemoryLog } from "./publisher.ts";
import { issuer } from "./replicas.ts";

const entry = "documents.test";
const keyRetention = 86_400_000;

/**
 * What replicas share as podtrust of 282057bf kept it (src/publisher/replicas/documents.ts there): it believes whatever stands in
 * the Secret, merges its own into it, writes no proof, and leaves other entries as they are.
 */
export function earlierStore(
  cluster: OneSecret,
  clock: Clock,
): { readonly store: DocumentStore; readonly close: () => Promise<void> } {
  const names = { namespace: "podtrust", name: "podtrust-publisher", ifAbsent: "" };
  const secret = new SharedSecret({ cluster, clock, logger: new MemoryLog(), ...names });
  const store: DocumentStore = {
    place: secret.place,
    async load() {
      const text = (await secret.read()).entries.get(entry);
      return text === undefined ? { state: emptyState, empty: true } : readState(text, issuer, "replicas");
    },
    async save(state) {
      let kept = state;
      await secret.update((shared) => {
        const text = shared.entries.get(entry);
        const theirs = text === undefined ? undefined : readState(text, issuer, "replicas").state;
        kept =
          theirs === undefined ? state : mergeStates(state, theirs, { now: clock.now(), keyRetention }).state;
        const fresh = stateText(kept, issuer);
        return fresh === text ? undefined : { ...shared, entries: new Map(shared.entries).set(entry, fresh) };
      });
      return kept;
    },
    onChange: (listener) => secret.onChange(entry, listener),
  };
  return { store, close: () => secret.close() };
}
