import type { CertificateStore, StoredAccount, StoredCertificate, StoreLock } from "../../src/tls/store.ts";
import { accountFile, certificateFile } from "../../src/tls/stored.ts";

/** A store that lasts as long as the process, for demonstrations and tests. */
export function memoryStore(): CertificateStore {
  const certificates = new Map<string, StoredCertificate>();
  const accounts = new Map<string, StoredAccount>();
  const locks = new Map<string, Promise<void>>();

  async function lock(name: string, signal?: AbortSignal): Promise<StoreLock> {
    for (let held = locks.get(name); held !== undefined; held = locks.get(name)) await orAbort(held, signal);
    signal?.throwIfAborted();
    const { promise, resolve } = Promise.withResolvers<void>();
    locks.set(name, promise);
    const release = (): Promise<void> => {
      if (locks.get(name) === promise) locks.delete(name);
      resolve();
      return Promise.resolve();
    };
    return { lost: new AbortController().signal, release };
  }

  return {
    load: (address) => Promise.resolve(certificates.get(certificateFile(address))),
    save(address, value) {
      certificates.set(certificateFile(address), value);
      return Promise.resolve();
    },
    loadAccount: (directory, account) => Promise.resolve(accounts.get(accountFile(directory, account))),
    saveAccount(directory, account, value) {
      accounts.set(accountFile(directory, account), value);
      return Promise.resolve();
    },
    lock,
  };
}

async function orAbort(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return promise;
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
