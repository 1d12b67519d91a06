import { errorText } from "../../core/base/index.ts";
import type { SharedSecret } from "../../providers/kubernetes/index.ts";
import { jwkThumbprint } from "../../rules/keys/index.ts";
import type { KeyRing, KnownKey } from "../source/keys.ts";
import { emptyState } from "../source/state.ts";
import type { DocumentStore } from "../source/store.ts";
import { distrustsOf, maxSaidKeys, readState, type Restored, stateText } from "../source/stored-state.ts";

/** The owner of an entry in a Secret. */
export interface SecretOfIssuer {
  readonly secret: SharedSecret;
  readonly stack: string;
  readonly issuer: string;
}

/** What is to stand there: distrusts only grow, but for the very ones that this publisher took back. */
export function united(said: KeyRing, own: KeyRing): KeyRing {
  const known = new Map(own.map((key) => [key.jwk.kid, key]));
  const isLifted = ({ jwk, distrustedAt }: KnownKey): boolean =>
    known.get(jwk.kid)?.takenBack === distrustedAt;
  const all = new Map(said.filter((key) => !isLifted(key)).map((key) => [key.jwk.kid, key]));
  const ours = distrustsOf(own);
  for (const key of ours) {
    const before = all.get(key.jwk.kid);
    // Under one kid our own key counts: what another wrote is only said.
    const isSame = before !== undefined && jwkThumbprint(before.jwk) === jwkThumbprint(key.jwk);
    if (!isSame || (key.distrustedAt ?? 0) < (before.distrustedAt ?? 0)) all.set(key.jwk.kid, key);
  }
  // Our own come first: what is beyond the bound was only said.
  const kids = new Set(ours.map(({ jwk }) => jwk.kid));
  const rest = [...all.values()].filter(({ jwk }) => !kids.has(jwk.kid));
  return [...[...all.values()].filter(({ jwk }) => kids.has(jwk.kid)), ...rest]
    .slice(0, maxSaidKeys)
    .sort((a, b) => (a.jwk.kid < b.jwk.kid ? -1 : 1));
}

/**
 * The distrusts of an issuer in a Secret, beside a publisher's own state. Whoever may write the Secret can add some, and
 * nothing else: they are said, and the publisher weighs them.
 */
export function sharedDistrusts({ secret, stack, issuer }: SecretOfIssuer): DocumentStore {
  const entry = `distrusted.${stack}`;
  const read = (text: string): Restored => {
    const { state, ...rest } = readState(text, issuer, "replicas", maxSaidKeys);
    return { ...rest, state: emptyState, said: distrustsOf(state.ring) };
  };
  return {
    place: secret.place,
    async load() {
      let text: string | undefined;
      try {
        text = (await secret.read()).entries.get(entry);
        return text === undefined ? { state: emptyState, said: [], empty: true } : read(text);
      } catch (thrown) {
        const what = text === undefined ? "cannot be read" : "is damaged";
        const warning = `What ${secret.place} keeps of ${stack} (${entry}) ${what}: ${errorText(thrown)}`;
        return { state: emptyState, warning, unread: warning };
      }
    },
    async save(state) {
      await secret.update((shared) => {
        const text = shared.entries.get(entry);
        let said: KeyRing = [];
        try {
          said = text === undefined ? [] : (read(text).said ?? []);
        } catch {
          // Damaged: our own knowledge replaces it, once a person has accepted that.
        }
        const fresh = stateText({ ...emptyState, ring: united(said, state.ring) }, issuer);
        return fresh === text ? undefined : { ...shared, entries: new Map(shared.entries).set(entry, fresh) };
      });
      return state;
    },
    onChange: (listener) => secret.onChange(entry, listener),
  };
}
