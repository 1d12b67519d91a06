/** The address of a certificate: its CA (directory URL), the account there, and its names. */
export interface CertificateAddress {
  /** The CA's directory URL. */
  readonly directory: string;
  /** The account's contact; empty for none. */
  readonly account: string;
  /** In any order; compared without regard to order and case. */
  readonly names: readonly string[];
}

/** When to renew, according to ARI. Times in milliseconds since the epoch. */
export interface StoredRenewal {
  readonly start: number;
  readonly end: number;
  /** The moment in the window that was drawn for this certificate. */
  readonly selected: number;
  /** When to ask the CA again. */
  readonly checkAt: number;
  readonly explanationUrl?: string;
}

/** A certificate with its key: always saved and loaded together. */
export interface StoredCertificate {
  /** PEM chain, leaf first. */
  readonly certificate: string;
  /** PKCS #8 PEM: a secret. */
  readonly key: string;
  readonly renewal?: StoredRenewal;
}

/** An account at a CA. */
export interface StoredAccount {
  /** PKCS #8 PEM: a secret. */
  readonly key: string;
  /** Absent while the CA has not confirmed it. */
  readonly uri?: string;
  /** The key id of the external account that it was bound to when it was made (RFC 8555 §7.3.4). */
  readonly externalAccount?: string;
  /** The CA's names in CAA records when the account was made. */
  readonly caaIdentities?: readonly string[];
}

/** A lock that is held. */
export interface StoreLock {
  /** Aborted when the lock was lost to a process that took us for dead: stop what it protects. */
  readonly lost: AbortSignal;
  /** Asks the store whether it is still ours: a process that was suspended has not noticed yet what it lost. */
  isHeld(): Promise<boolean>;
  /** Gives it back; a second call does nothing. */
  release(): Promise<void>;
}

/** What a save depends on. */
export interface SaveConditions<Stored = StoredCertificate> {
  /** Rejects with `certificate-lock-lost`, and changes nothing, once another process has taken this lock over. */
  readonly lock?: StoreLock;
  /** Asked with the stored value; where it returns false, nothing is changed and the save resolves. */
  readonly replaces?: (stored: Stored | undefined) => boolean;
}

/**
 * Where accounts are kept, by the CA's directory URL and their contact. The contract is the one of CertificateStore,
 * but for `lock`, which may be absent where those who share the store cannot wait for one another: two that make the
 * same account at once then send the CA one key, whose account it gives to both (RFC 8555 §7.3). Therefore a save that
 * replaces nothing is one step: of two, only one reports that it was made.
 */
export interface AccountStore {
  loadAccount(directory: string, account: string): Promise<StoredAccount | undefined>;
  /** Resolves to whether it was made: `replaces` may have returned false. */
  saveAccount(
    directory: string,
    account: string,
    value: StoredAccount,
    conditions?: SaveConditions<StoredAccount>,
  ): Promise<boolean>;
  lock?(name: string, signal?: AbortSignal): Promise<StoreLock>;
}

/**
 * Where certificates and accounts are kept. The contract, which test/support/store-contract.ts checks for
 * every implementation:
 *
 * - `load` returns what the last `save` of that address saved, or undefined where there was none. A reader sees
 *   one save or another, whole: never a mixture, never a certificate with another's key, also when the writer
 *   dies in the middle or the disk is full.
 * - A `save` that rejects has changed nothing. One that resolves outlives a loss of power.
 * - Addresses are the same when directory, account and the set of names are, whatever their order and case.
 *   An address may hold any text; none leads out of the store.
 * - Secrets are readable by the owner alone.
 * - What exists and cannot be read as what it should be is an error (`certificate-store-invalid`) that names
 *   it, never undefined: a new order at every start would use up the CA's limits.
 * - `lock` resolves once the lock is had, in this process and across all that share the store. It keeps itself
 *   fresh until it is released. One whose holder is dead, or that has not been fresh for twice its interval, is
 *   taken over. It rejects with the signal's reason when aborted. Locks of other names do not wait for it in the
 *   same process; between processes they may. A lock protects long jobs from being done twice: `load` and `save` are
 *   safe without one, and after `lock` one looks again whether the job is still to be done.
 * - A save with a lock that was taken over rejects and changes nothing, even when its process was suspended and
 *   does not know: what came after it stays.
 */
export interface CertificateStore extends AccountStore {
  load(address: CertificateAddress): Promise<StoredCertificate | undefined>;
  save(
    address: CertificateAddress,
    certificate: StoredCertificate,
    conditions?: SaveConditions,
  ): Promise<void>;
  lock(name: string, signal?: AbortSignal): Promise<StoreLock>;
  /**
   * Calls back after another process may have saved something, and gives the function that ends that; absent where
   * there is no notification.
   */
  onChange?(listener: () => void): () => void;
}
