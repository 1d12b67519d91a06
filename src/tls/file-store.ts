import { type Clock, type Logger, silentLogger } from "../base/index.ts";
import { type Files, StateFolder } from "../files/index.ts";
import type {
  CertificateAddress,
  CertificateStore,
  StoredAccount,
  StoredCertificate,
  StoreLock,
} from "./store.ts";
import {
  accountFile,
  accountText,
  certificateFile,
  certificateText,
  lockFile,
  readAccountText,
  readCertificateText,
} from "./stored.ts";

export interface FileStoreOptions {
  /** Made with mode 0700 where absent. */
  readonly directory: string;
  readonly clock: Clock;
  readonly logger?: Logger;
  /** node:fs/promises unless told. */
  readonly files?: Files;
}

class FileStore implements CertificateStore {
  readonly #certificates: StateFolder;
  readonly #accounts: StateFolder;
  readonly #locks: StateFolder;
  readonly #clock: Clock;
  readonly #logger: Logger;

  constructor(options: FileStoreOptions) {
    const folder = new StateFolder(options.directory, options.files);
    this.#certificates = folder.folder("certificates");
    this.#accounts = folder.folder("accounts");
    this.#locks = folder.folder("locks");
    this.#clock = options.clock;
    this.#logger = options.logger ?? silentLogger;
  }

  async load(address: CertificateAddress): Promise<StoredCertificate | undefined> {
    const file = certificateFile(address);
    const text = await this.#certificates.read(file);
    return text === undefined ? undefined : readCertificateText(this.#certificates.pathOf(file), text);
  }

  async save(address: CertificateAddress, certificate: StoredCertificate): Promise<void> {
    await this.#certificates.replace(certificateFile(address), certificateText(address, certificate));
  }

  async loadAccount(directory: string, account: string): Promise<StoredAccount | undefined> {
    const file = accountFile(directory, account);
    const text = await this.#accounts.read(file);
    return text === undefined ? undefined : readAccountText(this.#accounts.pathOf(file), text);
  }

  async saveAccount(directory: string, account: string, value: StoredAccount): Promise<void> {
    await this.#accounts.replace(accountFile(directory, account), accountText(directory, account, value));
  }

  lock(name: string, signal?: AbortSignal): Promise<StoreLock> {
    return this.#locks.lock(lockFile(name), {
      clock: this.#clock,
      logger: this.#logger,
      ...(signal === undefined ? {} : { signal }),
    });
  }
}

/**
 * Certificates and accounts in files: `certificates/`, `accounts/`, `locks/` in the given folder, folders with
 * mode 0700, files with 0600, one file a certificate with its key so that both change in one step.
 */
export function fileStore(options: FileStoreOptions): CertificateStore {
  return new FileStore(options);
}
