import type {
  CertificateStore,
  StoredAccount,
  StoredCertificate,
  StoreLock,
} from "../../src/providers/tls/store.ts";
import { lockLost } from "../../src/providers/tls/record-store.ts";
import { accountFile, certificateFile } from "../../src/providers/tls/stored.ts";

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
    const isHeld = (): Promise<boolean> => Promise.resolve(locks.get(name) === promise);
    return { lost: new AbortController().signal, isHeld, release };
  }

  return {
    load: (address) => Promise.resolve(certificates.get(certificateFile(address))),
    async save(address, value, { lock: held, replaces = () => true } = {}) {
      if (!replaces(certificates.get(certificateFile(address)))) return;
      if (held !== undefined && !(await held.isHeld())) throw lockLost("memory");
      certificates.set(certificateFile(address), value);
    },
    loadAccount: (directory, account) => Promise.resolve(accounts.get(accountFile(directory, account))),
    async saveAccount(directory, account, value, { lock: held, replaces = () => true } = {}) {
      if (!replaces(accounts.get(accountFile(directory, account)))) return false;
      if (held !== undefined && !(await held.isHeld())) throw lockLost("memory");
      accounts.set(accountFile(directory, account), value);
      return true;
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
