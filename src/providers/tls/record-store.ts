import { defined, PodtrustError } from "../../core/base/index.ts";
import type {
  AccountStore,
  CertificateAddress,
  CertificateStore,
  SaveConditions,
  StoredAccount,
  StoredCertificate,
  StoreLock,
} from "./store.ts";
import {
  accountFile,
  accountText,
  certificateFile,
  certificateText,
  readAccountText,
  readCertificateText,
} from "./stored.ts";

/** The kind of a record of a store. */
export type RecordKind = "certificates" | "accounts";

/** Which record: its kind, and a name of letters, digits, `.`, `_`, `-` and `@`, of 150 at the most. */
export interface RecordName {
  readonly kind: RecordKind;
  readonly name: string;
}

/** What replacing a record depends on: SaveConditions, on texts. */
export interface RecordConditions {
  readonly lock?: StoreLock;
  readonly replaces?: (stored: string | undefined) => boolean;
}

/** The lock on what is to be written to this place was taken over by another process. */
export function lockLost(place: string): PodtrustError {
  return new PodtrustError("certificate-lock-lost", `${place}: its lock was taken over in the meantime`);
}

/** Where the texts of accounts are. The promises are those of AccountStore. */
export interface AccountRecords {
  /** For sentences: the path of the file, the entry of the Secret. */
  placeOf(record: RecordName): string;
  read(record: RecordName): Promise<string | undefined>;
  /**
   * Replaces the present text; resolves to whether it did. With a lock that was lost it rejects with
   * `certificate-lock-lost`.
   */
  replace(record: RecordName, text: string, conditions: RecordConditions): Promise<boolean>;
}

/**
 * Where the texts of a store are: files of a folder, entries of a Secret. The promises are those of CertificateStore.
 */
export interface StoreRecords extends AccountRecords {
  lock(name: string, signal?: AbortSignal): Promise<StoreLock>;
  onChange?(listener: () => void): () => void;
}

/** An account in its record; undefined where there is none. Throws `certificate-store-invalid`, and what reading does. */
export async function readAccount(
  records: Pick<AccountRecords, "placeOf" | "read">,
  directory: string,
  account: string,
): Promise<StoredAccount | undefined> {
  const record: RecordName = { kind: "accounts", name: accountFile(directory, account) };
  const text = await records.read(record);
  return text === undefined ? undefined : readAccountText(records.placeOf(record), text);
}

class RecordAccounts implements AccountStore {
  readonly #records: AccountRecords;

  constructor(records: AccountRecords) {
    this.#records = records;
  }

  loadAccount(directory: string, account: string): Promise<StoredAccount | undefined> {
    return readAccount(this.#records, directory, account);
  }

  saveAccount(
    directory: string,
    account: string,
    value: StoredAccount,
    { lock, replaces }: SaveConditions<StoredAccount> = {},
  ): Promise<boolean> {
    const record: RecordName = { kind: "accounts", name: accountFile(directory, account) };
    const readStored = (text: string | undefined): StoredAccount | undefined =>
      text === undefined ? undefined : readAccountText(this.#records.placeOf(record), text);
    return this.#records.replace(record, accountText(directory, account, value), {
      ...defined({ lock }),
      ...(replaces === undefined ? {} : { replaces: (text) => replaces(readStored(text)) }),
    });
  }
}

class RecordStore extends RecordAccounts implements CertificateStore {
  readonly #records: StoreRecords;
  readonly onChange?: (listener: () => void) => () => void;

  constructor(records: StoreRecords) {
    super(records);
    this.#records = records;
    if (records.onChange !== undefined)
      this.onChange = (listener) => records.onChange?.(listener) ?? (() => {});
  }

  async load(address: CertificateAddress): Promise<StoredCertificate | undefined> {
    const record: RecordName = { kind: "certificates", name: certificateFile(address) };
    const text = await this.#records.read(record);
    return text === undefined ? undefined : readCertificateText(this.#records.placeOf(record), text);
  }

  async save(
    address: CertificateAddress,
    certificate: StoredCertificate,
    { lock, replaces }: SaveConditions = {},
  ): Promise<void> {
    const record: RecordName = { kind: "certificates", name: certificateFile(address) };
    const fresh = certificateText(address, certificate);
    const readStored = (text: string | undefined): StoredCertificate | undefined =>
      text === undefined ? undefined : readCertificateText(this.#records.placeOf(record), text);
    await this.#records.replace(record, fresh, {
      ...defined({ lock }),
      ...(replaces === undefined ? {} : { replaces: (text) => replaces(readStored(text)) }),
    });
  }

  lock(name: string, signal?: AbortSignal): Promise<StoreLock> {
    return this.#records.lock(name, signal);
  }
}

/** Accounts as texts, one record each. */
export function accountStore(records: AccountRecords): AccountStore {
  return new RecordAccounts(records);
}

/** Certificates and accounts as texts: one record a certificate with its key, so that both change in one step. */
export function recordStore(records: StoreRecords): CertificateStore {
  return new RecordStore(records);
}
