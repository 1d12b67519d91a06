import { asPodtrustError, errorText, PodtrustError, recordOf } from "../../base/index.ts";
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
  const { firstSeen, lastSeen, absentSince, distrustedAt, takenBack } = key;
  const signed = recordOf(key.signed);
  const all = [firstSeen, lastSeen, absentSince, distrustedAt, takenBack, signed["first"], signed["last"]];
  return all.every(isTime) && firstSeen !== undefined && lastSeen !== undefined;
}

/** A key from the disk is judged as the cluster's are, and by itself: more may be distrusted than may be published. */
function readKey(stored: StoredKey): readonly KnownKey[] {
  const jwk = readJwk(stored.jwk);
  if (!hasTimes(stored)) throw new TypeError("a key is damaged");
  if (jwk === undefined) return [];
  const { firstSeen, lastSeen, absentSince, signed, distrustedAt, takenBack } = stored;
  return [
    {
      jwk,
      firstSeen,
      lastSeen,
      ...(absentSince === undefined ? {} : { absentSince }),
      ...(signed === undefined ? {} : { signed: { first: signed.first, last: signed.last } }),
      ...(distrustedAt === undefined ? {} : { distrustedAt }),
      ...(takenBack === undefined ? {} : { takenBack }),
    },
  ];
}

/** Undefined for a key of which we have learnt since that AWS does not take it. */
function readJwk(stored: unknown): PublicJwk | undefined {
  try {
    return parseJwkSet(JSON.stringify({ keys: [stored] })).keys[0];
  } catch (thrown) {
    if (thrown instanceof PodtrustError && Array.isArray(thrown.detail["leftOut"])) return undefined;
    throw thrown;
  }
}

function readState(text: string, issuer: string): Restored {
  const stored = JSON.parse(text) as StoredState;
  if (stored.format !== 1) throw new TypeError(`format ${String(stored.format)} is unknown`);
  const ring = stored.keys.flatMap(readKey);
  if (new Set(ring.map(({ jwk }) => jwk.kid)).size < ring.length) throw new TypeError("a kid is there twice");
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
