import {
  type AcmeAccount,
  type AcmeClient,
  AcmeProblem,
  createAccountKey,
  type ExternalAccount,
  readAccountKey,
} from "../acme/index.ts";
import {
  type Clock,
  defined,
  errorText,
  type Logger,
  PodtrustError,
  silentLogger,
} from "../../core/base/index.ts";
import { attemptDelay } from "./retry-schedule.ts";
import type { AccountStore, SaveConditions, StoredAccount } from "./store.ts";

/** An account at a CA. */
export interface AccountSpec {
  readonly client: AcmeClient;
  /** The account's mail address; undefined for none. */
  readonly email: string | undefined;
  readonly externalAccount: ExternalAccount | undefined;
  readonly termsOfServiceAgreed: boolean;
  /** Where the caller keeps the account. */
  readonly store: AccountStore;
  /** An account that the CA no longer knows. */
  readonly not?: AcmeAccount | undefined;
}

/** An account that the CA has confirmed. */
type Confirmed = StoredAccount & { readonly uri: string };

/** The failures of the last registrations of one account. */
interface Trouble {
  readonly error: unknown;
  readonly failures: number;
  /** Of the first failure, in milliseconds of `clock.elapsed()`. */
  readonly since: number;
  /** The CA is not asked before, in milliseconds of `clock.elapsed()`. */
  readonly until: number;
}

// A CA that limits accounts names hours at the most; with one account for all there is only one to make.
const maxWait = 6 * 3_600_000;

/**
 * One account for each CA and mail address of a process: CAs limit how many are made (Let's Encrypt: 10 an address in
 * 3 hours), and fifty issuers with one operator are one customer. Every store keeps its own copy, so that each folder
 * of state is whole when it is moved, and the account's URI in CAA records stays the same. What a store has comes
 * first; then what the others have; then one is registered, while all callers wait.
 */
export class AcmeAccounts {
  readonly #clock: Clock;
  readonly #logger: Logger;
  // How many callers want a store to be searched: it may be shared by several.
  readonly #stores = new Map<AccountStore, number>();
  readonly #registering = new Map<string, Promise<unknown>>();
  // How many registrations have ended, for a caller that looked while one did.
  readonly #ended = new Map<string, number>();
  readonly #troubles = new Map<string, Trouble>();

  constructor(options: { readonly clock: Clock; readonly logger?: Logger }) {
    this.#clock = options.clock;
    this.#logger = options.logger ?? silentLogger;
  }

  /** Has this store searched before an account is made; returns what ends that. */
  join(store: AccountStore): () => void {
    this.#stores.set(store, (this.#stores.get(store) ?? 0) + 1);
    // A new caller may bring what was missing, as after a reload.
    this.#troubles.clear();
    return () => {
      const left = (this.#stores.get(store) ?? 0) - 1;
      if (left > 0) this.#stores.set(store, left);
      else this.#stores.delete(store);
    };
  }

  /**
   * The account, made when there is none. Throws what the CA and the store do; after a failure the same error for a
   * while, so that many who want an account do not all ask for it.
   */
  async account(spec: AccountSpec, signal?: AbortSignal): Promise<AcmeAccount> {
    const { client, email, externalAccount } = spec;
    const key = JSON.stringify([client.directoryUrl, email, externalAccount?.kid]);
    for (;;) {
      signal?.throwIfAborted();
      const before = this.#ended.get(key);
      const found = await this.#find(spec);
      if (found !== undefined) return client.account(readAccountKey(found.key), found.uri);
      // A registration that ended meanwhile may have saved what this one looked for too early.
      if (this.#ended.get(key) !== before) continue;
      const running = this.#registering.get(key);
      if (running === undefined) return this.#register(key, spec, signal);
      await ended(running, signal);
    }
  }

  async #find(spec: AccountSpec): Promise<Confirmed | undefined> {
    const { client, email = "", externalAccount, store, not } = spec;
    const { directoryUrl } = client;
    const own = await store.loadAccount(directoryUrl, email);
    if (isConfirmed(own, not)) return own;
    for (const other of this.#stores.keys()) {
      const theirs = other === store ? undefined : await this.#look(other, directoryUrl, email);
      // Bound to another external account it is another customer's.
      if (!isConfirmed(theirs, not) || theirs.externalAccount !== externalAccount?.kid) continue;
      await store.saveAccount(directoryUrl, email, theirs);
      return theirs;
    }
    return undefined;
  }

  async #look(store: AccountStore, directory: string, email: string): Promise<StoredAccount | undefined> {
    try {
      return await store.loadAccount(directory, email);
    } catch (error) {
      // Another issuer's damaged file is that issuer's problem.
      this.#logger.debug("an account of another issuer cannot be read", { error: errorText(error) });
      return undefined;
    }
  }

  async #register(key: string, spec: AccountSpec, signal: AbortSignal | undefined): Promise<AcmeAccount> {
    const trouble = this.#troubles.get(key);
    if (trouble !== undefined && trouble.until > this.#clock.elapsed()) throw trouble.error;
    const work = register(spec, signal);
    this.#registering.set(key, work);
    try {
      const account = await work;
      this.#troubles.delete(key);
      return account;
    } catch (error) {
      signal?.throwIfAborted();
      this.#troubles.set(key, this.#troubleOf(error, trouble));
      throw error;
    } finally {
      this.#registering.delete(key);
      this.#ended.set(key, (this.#ended.get(key) ?? 0) + 1);
    }
  }

  #troubleOf(error: unknown, before: Trouble | undefined): Trouble {
    const now = this.#clock.elapsed();
    const { failures, since } = { failures: (before?.failures ?? 0) + 1, since: before?.since ?? now };
    const asked = error instanceof AcmeProblem ? Math.min(error.retryAfterMs ?? 0, maxWait) : 0;
    // A local fault such as a full disk may be fixed at any moment: the caller's own schedule is enough.
    const ours = !(error instanceof PodtrustError) || error.code.startsWith("file-");
    const delay = ours ? 0 : Math.max(asked, attemptDelay(failures, now - since, true));
    return { error, failures, since, until: now + delay };
  }
}

function isConfirmed(stored: StoredAccount | undefined, not: AcmeAccount | undefined): stored is Confirmed {
  return stored?.uri !== undefined && stored.uri !== not?.uri;
}

/** Waits for the end of another caller's work, however it ends; rejects with the signal's reason. */
async function ended(work: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  const { promise, reject } = Promise.withResolvers<void>();
  const onAbort = (): void => reject(signal?.reason as Error);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([work.catch(() => {}), promise]);
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

type Lock = Pick<SaveConditions<StoredAccount>, "lock">;

/**
 * The stored account, with a new key where there was none. Of two keys that are made at once one is kept, and both
 * makers continue with that one.
 */
async function keptKey({ client, email = "", store }: AccountSpec, lock: Lock): Promise<StoredAccount> {
  const { directoryUrl } = client;
  const fresh = { key: createAccountKey().pem };
  const replaces = (there: StoredAccount | undefined): boolean => there === undefined;
  for (;;) {
    if (await store.saveAccount(directoryUrl, email, fresh, { ...lock, replaces })) return fresh;
    const stored = await store.loadAccount(directoryUrl, email);
    if (stored !== undefined) return stored;
  }
}

// The key is kept before the CA gets it: one that is lost in between would leave an unusable account.
async function register(spec: AccountSpec, signal: AbortSignal | undefined): Promise<AcmeAccount> {
  const { client, email = "", externalAccount, store, termsOfServiceAgreed, not } = spec;
  const { directoryUrl } = client;
  const held = await store.lock?.(`account ${directoryUrl} ${email}`, signal);
  const lock: Lock = defined({ lock: held });
  try {
    // Nothing is kept for a CA that cannot be reached.
    const { caaIdentities } = await client.directory(signal);
    const stored = await keptKey(spec, lock);
    // Another process was faster.
    if (isConfirmed(stored, not)) return client.account(readAccountKey(stored.key), stored.uri);
    const key = readAccountKey(stored.key);
    const fresh = {
      key,
      contact: email === "" ? [] : [email],
      termsOfServiceAgreed,
      ...defined({ externalAccount }),
    };
    const account = await client.newAccount(fresh, signal);
    const bound = defined({ externalAccount: externalAccount?.kid });
    if (stored.uri !== account.uri) {
      const value = { key: key.pem, uri: account.uri, ...bound, caaIdentities };
      await store.saveAccount(directoryUrl, email, value, lock);
    }
    return account;
  } finally {
    await held?.release();
  }
}
