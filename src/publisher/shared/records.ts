import {
  lockLost,
  type RecordConditions,
  type RecordName,
  type StoreLock,
  type StoreRecords,
} from "../../providers/tls/index.ts";
import type { SharedSecret, SharedState } from "../../providers/kubernetes/index.ts";
import type { SharedLocks } from "./locks.ts";

const prefixes: Readonly<Record<RecordName["kind"], string>> = {
  certificates: "certificate.",
  accounts: "account.",
};

/** The name of a record's entry: a Secret takes letters, digits, `.`, `_` and `-`. */
function entryOf({ kind, name }: RecordName): string {
  return prefixes[kind] + name.replaceAll("@", "_");
}

/** Certificates and accounts as entries of a Secret. */
export class SecretRecords implements StoreRecords {
  readonly #secret: SharedSecret;
  readonly #locks: SharedLocks;

  constructor(secret: SharedSecret, locks: SharedLocks) {
    this.#secret = secret;
    this.#locks = locks;
  }

  placeOf(record: RecordName): string {
    return `${this.#secret.place}, entry ${entryOf(record)}`;
  }

  async read(record: RecordName): Promise<string | undefined> {
    return (await this.#secret.read()).entries.get(entryOf(record));
  }

  async replace(record: RecordName, text: string, { lock, replaces }: RecordConditions): Promise<boolean> {
    const entry = entryOf(record);
    let isWritten = false;
    await this.#secret.update((state) => {
      if (lock !== undefined && !this.#holds(lock, state)) throw lockLost(this.placeOf(record));
      isWritten = replaces?.(state.entries.get(entry)) !== false;
      if (!isWritten) return undefined;
      return { ...state, entries: new Map(state.entries).set(entry, text) };
    });
    return isWritten;
  }

  #holds(lock: StoreLock, { holder }: SharedState): boolean {
    const mark = this.#locks.markOf(lock);
    return mark !== undefined && mark === holder;
  }

  lock(name: string, signal?: AbortSignal): Promise<StoreLock> {
    return this.#locks.take(name, signal);
  }

  onChange(listener: () => void): () => void {
    return this.#secret.onChange(prefixes.certificates, listener);
  }
}
