import { join } from "node:path";
import { type Clock, errorText, type Logger, PodtrustError, silentLogger } from "../base/index.ts";
import { takeLock } from "./file-lock.ts";
import { fileCode, type Files, machineFiles, readText, replaceText } from "./files.ts";
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

// More certificates than one publisher ever has.
const mostListed = 10_000;

class FileStore implements CertificateStore {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #files: Files;

  constructor(options: FileStoreOptions) {
    this.#directory = options.directory;
    this.#clock = options.clock;
    this.#logger = options.logger ?? silentLogger;
    this.#files = options.files ?? machineFiles;
  }

  async load(address: CertificateAddress): Promise<StoredCertificate | undefined> {
    const path = this.#certificate(certificateFile(address));
    const text = await readText(this.#files, path);
    return text === undefined ? undefined : readCertificateText(path, text).value;
  }

  async save(address: CertificateAddress, certificate: StoredCertificate): Promise<void> {
    const path = this.#certificate(certificateFile(address));
    await replaceText(this.#files, path, certificateText(address, certificate));
  }

  async list(): Promise<readonly CertificateAddress[]> {
    const names = await this.#names(join(this.#directory, "certificates"));
    const listed: CertificateAddress[] = [];
    for (const name of names.filter((one) => one.endsWith(".json")).slice(0, mostListed)) {
      const path = this.#certificate(name);
      const text = await readText(this.#files, path);
      if (text !== undefined) listed.push(readCertificateText(path, text).address);
    }
    return listed;
  }

  async loadAccount(directory: string, account: string): Promise<StoredAccount | undefined> {
    const path = this.#account(directory, account);
    const text = await readText(this.#files, path);
    return text === undefined ? undefined : readAccountText(path, text);
  }

  async saveAccount(directory: string, account: string, value: StoredAccount): Promise<void> {
    await replaceText(this.#files, this.#account(directory, account), accountText(directory, account, value));
  }

  lock(name: string, signal?: AbortSignal): Promise<StoreLock> {
    const path = join(this.#directory, "locks", lockFile(name));
    return takeLock({ files: this.#files, clock: this.#clock, logger: this.#logger }, path, signal);
  }

  #certificate(file: string): string {
    return join(this.#directory, "certificates", file);
  }

  #account(directory: string, account: string): string {
    return join(this.#directory, "accounts", accountFile(directory, account));
  }

  async #names(folder: string): Promise<readonly string[]> {
    try {
      return await this.#files.readdir(folder);
    } catch (error) {
      if (fileCode(error) === "ENOENT") return [];
      throw new PodtrustError("file-unreadable", `${folder}: ${errorText(error)}`, { cause: error });
    }
  }
}

/**
 * Certificates and accounts in files: `certificates/`, `accounts/`, `locks/` in the given folder, folders with
 * mode 0700, files with 0600, one file a certificate with its key so that both change in one step.
 */
export function fileStore(options: FileStoreOptions): CertificateStore {
  return new FileStore(options);
}
