import { type Clock, defined, type Logger, silentLogger } from "../../core/base/index.ts";
import { type Files, StateFolder } from "../../core/files/index.ts";
import {
  lockLost,
  type RecordConditions,
  type RecordName,
  recordStore,
  type StoreRecords,
} from "./record-store.ts";
import type { CertificateStore, StoreLock } from "./store.ts";
import { lockFile } from "./stored.ts";

export interface FileStoreOptions {
  /** Made with mode 0700 where absent. */
  readonly directory: string;
  readonly clock: Clock;
  readonly logger?: Logger;
  /** node:fs/promises by default. */
  readonly files?: Files;
}

class FileRecords implements StoreRecords {
  readonly #folders: Readonly<Record<RecordName["kind"], StateFolder>>;
  readonly #locks: StateFolder;
  readonly #clock: Clock;
  readonly #logger: Logger;

  constructor(options: FileStoreOptions) {
    const folder = new StateFolder(options.directory, options.files);
    this.#folders = { certificates: folder.folder("certificates"), accounts: folder.folder("accounts") };
    this.#locks = folder.folder("locks");
    this.#clock = options.clock;
    this.#logger = options.logger ?? silentLogger;
  }

  placeOf({ kind, name }: RecordName): string {
    return this.#folders[kind].pathOf(name);
  }

  read({ kind, name }: RecordName): Promise<string | undefined> {
    return this.#folders[kind].read(name);
  }

  async replace(record: RecordName, text: string, { lock, replaces }: RecordConditions): Promise<boolean> {
    const folder = this.#folders[record.kind];
    for (;;) {
      const stored = replaces === undefined ? undefined : await this.read(record);
      if (replaces?.(stored) === false) return false;
      if (lock !== undefined && !(await lock.isHeld())) throw lockLost(this.placeOf(record));
      if (replaces === undefined || stored !== undefined) {
        await folder.replace(record.name, text);
        return true;
      }
      // Where a record came meanwhile, `replaces` is asked about it.
      if (await folder.create(record.name, text)) return true;
    }
  }

  lock(name: string, signal?: AbortSignal): Promise<StoreLock> {
    return this.#locks.lock(lockFile(name), {
      clock: this.#clock,
      logger: this.#logger,
      ...defined({ signal }),
    });
  }
}

/**
 * Certificates and accounts in files: `certificates/`, `accounts/`, `locks/` in the given folder, folders with
 * mode 0700, files with 0600, one file a certificate with its key so that both change in one step.
 */
export function fileStore(options: FileStoreOptions): CertificateStore {
  return recordStore(new FileRecords(options));
}
