import { type Clock, errorText, PodtrustError } from "../../core/base/index.ts";
import type { SharedState } from "../../providers/kubernetes/index.ts";
import type { KeyRing } from "../source/keys.ts";
import { mergeStates, withoutOld } from "../source/merge-states.ts";
import { emptyState, type SourceState } from "../source/state.ts";
import type { DocumentStore } from "../source/store.ts";
import { distrustsOf, maxSaidKeys, readState, type Restored, stateText } from "../source/stored-state.ts";
import { type SecretOfIssuer, united } from "./distrusts.ts";
import {
  isWritten,
  onEntryChange,
  type ProvenAccess,
  standingIn,
  type StandingEntry,
  withEntry,
} from "./proven.ts";

/** The owner of the documents, and how long a key is kept. */
export interface SharedDocumentsOptions extends SecretOfIssuer {
  /** Milliseconds. */
  readonly keyRetention: number;
  readonly clock: Clock;
  /** What proves that a replica wrote them. */
  readonly access: ProvenAccess;
}

const noKey =
  "no key of at least 43 characters is mounted for it, so of what its Secret holds only distrusts are used: make it as docs/how-to/publish-in-cluster.md says (publisher.store.keyFolder)";
const noProof =
  "it was not written by a replica, or by podtrust before its replicas had a key: of what it holds only distrusts are used, and what this replica reads from the cluster is published";

/**
 * The documents of an issuer that replicas share: each reads the cluster itself, and learns what the others know (keys
 * that vanished, distrusts, those taken back). A key of the replicas proves who wrote them; what is not proven can only
 * say distrusts.
 */
export function sharedDocuments(options: SharedDocumentsOptions): DocumentStore {
  const { secret, stack, issuer, clock } = options;
  const { forged } = options.access;
  let isKeyless = false;
  const keysNow = async (): Promise<readonly string[]> => {
    const keys = await options.access.keys();
    isKeyless = keys.length === 0;
    return keys;
  };
  const entry = `documents.${stack}`;
  const how = () => ({ now: clock.now(), keyRetention: options.keyRetention });
  const read = (text: string): Restored => readState(text, issuer, "replicas");
  const saidIn = (text: string | undefined): KeyRing => {
    try {
      return text === undefined
        ? []
        : distrustsOf(readState(text, issuer, "replicas", maxSaidKeys).state.ring);
    } catch {
      return [];
    }
  };
  const merged = (own: SourceState, text: string): SourceState =>
    mergeStates(own, read(text).state, how()).state;
  return {
    place: secret.place,
    forgedBeside: () => forged.count,
    lacking: () => (isKeyless ? `${secret.place}: ${noKey}.` : undefined),
    async load() {
      let text: string | undefined;
      try {
        const keys = await keysNow();
        const standing = standingIn(await secret.read(), entry, keys);
        text = standing.text;
        if (text === undefined) return { state: emptyState, empty: true };
        if (!standing.isProven) {
          const isForged = keys.length > 0;
          const unproven = { isForged, why: `${secret.place}, ${entry}: ${isForged ? noProof : noKey}.` };
          return { state: emptyState, said: saidIn(text), unproven };
        }
        const restored = read(text);
        return { ...restored, said: [], state: withoutOld(restored.state, how()) };
      } catch (thrown) {
        const what = text === undefined ? "cannot be read" : "is damaged";
        const warning = `What ${secret.place} keeps of ${stack} (${entry}) ${what}: ${errorText(thrown)}`;
        return { state: emptyState, warning, unread: warning };
      }
    },
    async save(state) {
      const keys = await keysNow();
      let kept = state;
      await secret.update((shared) => {
        const standing = standingIn(shared, entry, keys);
        kept = standing.isProven ? merged(state, standing.text ?? "") : state;
        if (keys.length === 0) return withoutProof(shared, standing, state);
        const written = [entry, stateText(kept, issuer)] as const;
        return isWritten(standing, written, keys) ? undefined : withEntry(shared, written, keys);
      });
      return kept;
    },
    onChange: (listener) => onEntryChange(secret, entry, listener),
  };

  /** What a writer without a key leaves: the others use its distrusts. What is proven it leaves alone. */
  function withoutProof(
    shared: SharedState,
    { text, proof }: StandingEntry,
    state: SourceState,
  ): SharedState | undefined {
    if (proof !== undefined)
      throw new PodtrustError(
        "publisher-store-key",
        `${secret.place}, ${entry}, is proven by a key that is not here`,
      );
    const distrusts = united(saidIn(text), state.ring);
    const out = new Set(distrusts.map(({ jwk }) => jwk.kid));
    const ring = [...state.ring.filter(({ jwk }) => !out.has(jwk.kid)), ...distrusts];
    const fresh = stateText({ ...state, ring }, issuer);
    return fresh === text ? undefined : { ...shared, entries: new Map(shared.entries).set(entry, fresh) };
  }
}
