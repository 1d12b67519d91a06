import {
  lockLost,
  type RecordConditions,
  type RecordName,
  type StoreLock,
  type StoreRecords,
} from "../../providers/tls/index.ts";
import type { SharedSecret, SharedState } from "../../providers/kubernetes/index.ts";
import type { SharedLocks } from "./locks.ts";
import { isWritten, keyMissing, onEntryChange, type ProvenAccess, standingIn, withEntry } from "./proven.ts";

const prefixes: Readonly<Record<RecordName["kind"], string>> = {
  certificates: "certificate.",
  accounts: "account.",
};

/** The name of a record's entry: a Secret takes letters, digits, `.`, `_` and `-`. */
function entryOf({ kind, name }: RecordName): string {
  return prefixes[kind] + name.replaceAll("@", "_");
}

/**
 * Certificates and accounts as entries of a Secret. Only those that a replica wrote count: by a foreign account its
 * owner would get certificates for the names, and a foreign certificate would be refused by every relying party.
 */
export class SecretRecords implements StoreRecords {
  readonly #secret: SharedSecret;
  readonly #locks: SharedLocks;
  readonly #access: ProvenAccess;

  constructor(secret: SharedSecret, locks: SharedLocks, access: ProvenAccess) {
    this.#secret = secret;
    this.#locks = locks;
    this.#access = access;
  }

  placeOf(record: RecordName): string {
    return `${this.#secret.place}, entry ${entryOf(record)}`;
  }

  /**
   * Throws `certificate-store-invalid` for a certificate that no replica wrote: a pod is not ready while it may have one. An
   * account of which that is true is as if there were none. A pod without a key serves what was written before there were
   * keys, and orders nothing: else it would not be ready, and a hook that waits for ready pods would never make the key.
   */
  async read(record: RecordName): Promise<string | undefined> {
    const entry = entryOf(record);
    const keys = await this.#access.keys();
    const { text, proof, isProven } = standingIn(await this.#secret.read(), entry, keys);
    if (text === undefined || isProven) return text;
    if (keys.length === 0 && proof === undefined) return text;
    if (keys.length === 0) throw keyMissing(this.placeOf(record));
    const forged = this.#access.forged.note(this.#secret.place, entry, text);
    if (record.kind === "certificates") throw forged;
    return undefined;
  }

  async replace(record: RecordName, text: string, { lock, replaces }: RecordConditions): Promise<boolean> {
    const entry = entryOf(record);
    const keys = await this.#keys(record);
    let isReplaced = false;
    await this.#secret.update((state) => {
      if (lock !== undefined && !this.#holds(lock, state)) throw lockLost(this.placeOf(record));
      const standing = standingIn(state, entry, keys);
      isReplaced = replaces?.(standing.isProven ? standing.text : undefined) !== false;
      if (!isReplaced || isWritten(standing, [entry, text], keys)) return undefined;
      return withEntry(state, [entry, text], keys);
    });
    return isReplaced;
  }

  /** Without a key nothing that is ordered could be kept, and each start would order again. */
  async #keys(record: RecordName): Promise<readonly string[]> {
    const keys = await this.#access.keys();
    if (keys.length === 0) throw keyMissing(this.placeOf(record));
    return keys;
  }

  #holds(lock: StoreLock, { holder }: SharedState): boolean {
    const mark = this.#locks.markOf(lock);
    return mark !== undefined && mark === holder;
  }

  async lock(name: string, signal?: AbortSignal): Promise<StoreLock> {
    if ((await this.#access.keys()).length === 0) throw keyMissing(this.#secret.place);
    return this.#locks.take(name, signal);
  }

  onChange(listener: () => void): () => void {
    return onEntryChange(this.#secret, prefixes.certificates, listener);
  }
}
