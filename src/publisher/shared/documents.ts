import { type Clock, errorText } from "../../core/base/index.ts";
import type { SharedSecret } from "../../providers/kubernetes/index.ts";
import { mergeStates } from "../source/merge-states.ts";
import { emptyState, type SourceState } from "../source/state.ts";
import type { DocumentStore } from "../source/store.ts";
import { distrustedPart, readState, type Restored, stateText } from "../source/stored-state.ts";

/** The owner of the documents, and how long a key is kept. */
export interface SharedDocumentsOptions {
  readonly secret: SharedSecret;
  readonly stack: string;
  readonly issuer: string;
  /** Milliseconds. */
  readonly keyRetention: number;
  readonly clock: Clock;
  /** Which part of a state is kept: all, or only distrusts, for a publisher that has a state folder too. */
  readonly part: "documents" | "distrusted";
}

/**
 * The documents of an issuer that replicas share: each reads the cluster itself, and learns what the others know (keys
 * that vanished, distrusts).
 */
export function sharedDocuments(options: SharedDocumentsOptions): DocumentStore {
  const { secret, stack, issuer, clock, part } = options;
  const entry = `${part}.${stack}`;
  // Whoever may write an entry of distrusts can add some, and publishes no key by it.
  const read = (text: string): Restored => {
    const restored = readState(text, issuer, "replicas");
    return part === "documents" ? restored : { ...restored, state: distrustedPart(restored.state) };
  };
  const merged = (own: SourceState, text: string | undefined): SourceState => {
    const how = { now: clock.now(), retention: options.keyRetention };
    return text === undefined ? own : mergeStates(own, read(text).state, how).state;
  };
  return {
    place: secret.place,
    async load(): Promise<Restored> {
      let text: string | undefined;
      try {
        text = (await secret.read()).entries.get(entry);
        return text === undefined ? { state: emptyState, empty: true } : read(text);
      } catch (thrown) {
        const what = text === undefined ? "cannot be read" : "is damaged";
        const warning = `What ${secret.place} keeps of ${stack} (${entry}) ${what}: ${errorText(thrown)}`;
        return { state: emptyState, warning, unread: warning };
      }
    },
    async save(state) {
      let kept = state;
      await secret.update((shared) => {
        const text = shared.entries.get(entry);
        try {
          kept = merged(state, text);
        } catch {
          // Damaged: our own knowledge replaces it, once a person has accepted that.
          kept = state;
        }
        const fresh = stateText(part === "documents" ? kept : distrustedPart(kept), issuer);
        return fresh === text ? undefined : { ...shared, entries: new Map(shared.entries).set(entry, fresh) };
      });
      return kept;
    },
    onChange: (listener) => secret.onChange(entry, listener),
  };
}
