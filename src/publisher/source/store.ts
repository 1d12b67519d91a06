import { randomBytes } from "node:crypto";
import { chmod, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { errorText, PodtrustError } from "../../base/index.ts";
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
  /** Throws `file-unwritable`; what was there before is then still there. */
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

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Replaces a file so that a crash at any moment leaves the old one or the new one (0600 in a 0700 folder). */
async function replaceFile(folder: string, name: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const temporary = join(folder, `.${name}.${randomBytes(6).toString("hex")}`);
  try {
    await writeDurably(temporary, text);
    await rename(temporary, join(folder, name));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  await syncFolder(folder);
}

const isAbsent = (thrown: unknown): boolean => (thrown as NodeJS.ErrnoException).code === "ENOENT";

/** The documents of `issuer` as the file `STACK.json` in a folder that only we may enter. */
export function documentStore(folder: string, stack: string, issuer: string): DocumentStore {
  const fileName = `${stack}.json`;
  const path = join(folder, fileName);
  return {
    async load() {
      let text: string;
      try {
        text = await readFile(path, "utf8");
      } catch (thrown) {
        if (isAbsent(thrown)) return { state: emptyState };
        return { state: emptyState, warning: `${path} could not be read: ${errorText(thrown)}` };
      }
      try {
        return readState(text, issuer);
      } catch (thrown) {
        const aside = `${path}.damaged`;
        await rename(path, aside).catch(() => {});
        return {
          state: emptyState,
          warning: `${path} is damaged (${errorText(thrown)}) and was set aside as ${aside}; distrust again what it held as distrusted.`,
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
        await replaceFile(folder, fileName, `${JSON.stringify(stored, undefined, 1)}\n`);
      } catch (cause) {
        throw new PodtrustError(
          "file-unwritable",
          `the last good documents could not be written to ${path}: ${errorText(cause)}`,
          { cause, detail: { path } },
        );
      }
    },
  };
}
