import { asPodtrustError, errorText, PodtrustError } from "../../base/index.ts";
import { StateFolder } from "../../files/index.ts";
import { parseJwkSet, type PublicJwk } from "../../oidc/index.ts";
import type { KnownKey } from "./keys.ts";
import { emptyState, type SourceState } from "./state.ts";

/** What a look at the disk gave. */
export interface Restored {
  readonly state: SourceState;
  /** What is wrong with what was found, in a sentence. */
  readonly warning?: string;
}

/** Where an issuer's last good documents survive a restart. */
export interface DocumentStore {
  /** Never throws: what cannot be read is reported and started without. */
  load(): Promise<Restored>;
  /** Throws `file-unwritable` or `state-permissions`; what was there before is then still there. */
  save(state: SourceState): Promise<void>;
}

interface StoredKey extends Omit<KnownKey, "jwk"> {
  readonly jwk: unknown;
}

interface StoredState {
  readonly format: 1;
  readonly issuer: string;
  readonly confirmedAt?: number;
  readonly changedAt?: number;
  readonly keys: readonly StoredKey[];
}

function isTime(value: unknown): boolean {
  return value === undefined || (typeof value === "number" && Number.isFinite(value));
}

function hasTimes(key: StoredKey): boolean {
  const { firstSeen, lastSeen, absentSince, distrustedAt } = key;
  const all = [firstSeen, lastSeen, absentSince, distrustedAt].every(isTime);
  return all && firstSeen !== undefined && lastSeen !== undefined;
}

/** Keys from the disk are judged as the cluster's are. */
function readKeys(stored: readonly StoredKey[]): readonly KnownKey[] {
  if (stored.length === 0) return [];
  const set = parseJwkSet(JSON.stringify({ keys: stored.map((key) => key.jwk) }));
  const jwks = new Map<string, PublicJwk>(set.keys.map((jwk) => [jwk.kid, jwk]));
  return stored.map((key) => {
    const jwk = jwks.get((key.jwk as PublicJwk).kid);
    if (jwk === undefined || !hasTimes(key)) throw new TypeError("a key is damaged");
    const { firstSeen, lastSeen, absentSince, distrustedAt } = key;
    return {
      jwk,
      firstSeen,
      lastSeen,
      ...(absentSince === undefined ? {} : { absentSince }),
      ...(distrustedAt === undefined ? {} : { distrustedAt }),
    };
  });
}

function readState(text: string, issuer: string): Restored {
  const stored = JSON.parse(text) as StoredState;
  if (stored.format !== 1) throw new TypeError(`format ${String(stored.format)} is unknown`);
  const ring = readKeys(stored.keys);
  if (stored.issuer !== issuer) {
    const distrusted = ring.filter((key) => key.distrustedAt !== undefined);
    const warning = `What the disk holds is of the issuer ${stored.issuer}, not of ${issuer}; only its distrusted keys are kept.`;
    return { state: { ...emptyState, ring: distrusted }, warning };
  }
  const { confirmedAt, changedAt } = stored;
  if (!isTime(confirmedAt) || !isTime(changedAt)) throw new TypeError("its times are damaged");
  return {
    state: {
      ...emptyState,
      from: "disk",
      ring,
      ...(confirmedAt === undefined ? {} : { confirmedAt }),
      ...(changedAt === undefined ? {} : { changedAt }),
    },
  };
}

/** The documents of `issuer` as the file `STACK.json` in a folder that only we may enter. */
export function documentStore(path: string, stack: string, issuer: string): DocumentStore {
  const folder = new StateFolder(path);
  const name = `${stack}.json`;
  return {
    async load() {
      let text: string | undefined;
      try {
        text = await folder.read(name);
      } catch (thrown) {
        return { state: emptyState, warning: `What the disk holds is not used: ${errorText(thrown)}` };
      }
      if (text === undefined) return { state: emptyState };
      try {
        return readState(text, issuer);
      } catch (thrown) {
        const aside = `${name}.damaged`;
        await folder.rename(name, aside).catch(() => {});
        return {
          state: emptyState,
          warning: `${folder.pathOf(name)} is damaged (${errorText(thrown)}) and was set aside as ${folder.pathOf(aside)}; distrust again what it held as distrusted.`,
        };
      }
    },
    async save(state) {
      const stored: StoredState = {
        format: 1,
        issuer,
        ...(state.confirmedAt === undefined ? {} : { confirmedAt: state.confirmedAt }),
        ...(state.changedAt === undefined ? {} : { changedAt: state.changedAt }),
        keys: state.ring,
      };
      try {
        await folder.replace(name, `${JSON.stringify(stored, undefined, 1)}\n`);
      } catch (cause) {
        const { code, next } = asPodtrustError(cause);
        const sentence = `the last good documents could not be written: ${errorText(cause)}`;
        throw new PodtrustError(code, sentence, { cause, next, detail: { path: folder.pathOf(name) } });
      }
    },
  };
}
