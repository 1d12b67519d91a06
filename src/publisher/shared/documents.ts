import { type Clock, errorText } from "../../core/base/index.ts";
import { mergeStates } from "../source/merge-states.ts";
import { emptyState, type SourceState } from "../source/state.ts";
import type { DocumentStore } from "../source/store.ts";
import { readState, type Restored, stateText } from "../source/stored-state.ts";
import type { SecretOfIssuer } from "./distrusts.ts";

/** The owner of the documents, and how long a key is kept. */
export interface SharedDocumentsOptions extends SecretOfIssuer {
  /** Milliseconds. */
  readonly keyRetention: number;
  readonly clock: Clock;
}

/**
 * The documents of an issuer that replicas share: each reads the cluster itself, and learns what the others know (keys
 * that vanished, distrusts).
 */
export function sharedDocuments(options: SharedDocumentsOptions): DocumentStore {
  const { secret, stack, issuer, clock } = options;
  const entry = `documents.${stack}`;
  const read = (text: string): Restored => readState(text, issuer, "replicas");
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
        const fresh = stateText(kept, issuer);
        return fresh === text ? undefined : { ...shared, entries: new Map(shared.entries).set(entry, fresh) };
      });
      return kept;
    },
    onChange: (listener) => secret.onChange(entry, listener),
  };
}
