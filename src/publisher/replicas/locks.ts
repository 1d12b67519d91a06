import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Clock, Logger } from "../../core/base/index.ts";
import {
  acquireLease,
  type AcquiredLease,
  type KubernetesApi,
  type SharedSecret,
} from "../../providers/kubernetes/index.ts";
import type { StoreLock } from "../../providers/tls/index.ts";

/** The Lease of the Secret. */
export interface SharedLocksOptions {
  readonly secret: SharedSecret;
  readonly cluster: Pick<KubernetesApi, "read" | "create" | "replace">;
  readonly namespace: string;
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The time for which this process has the Lease. */
interface Term {
  /** Its mark in the Secret: a write under the lock requires it. */
  readonly mark: string;
  readonly lease: AcquiredLease;
  users: number;
}

/** Waits for a promise; rejects with the signal's reason. */
async function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  signal?.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal?.reason as Error);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

/**
 * The locks of a shared store: between processes one Lease for all names, since rights name their Leases; within a
 * process one lock per name. A process that takes the Lease writes a mark into the Secret, so that writes of its
 * predecessor, which may have been suspended unawares, fail for lack of their own mark.
 */
export class SharedLocks {
  readonly #options: SharedLocksOptions;
  readonly #marks = new WeakMap<StoreLock, string>();
  readonly #names = new Map<string, Promise<void>>();
  #term: Term | undefined;
  #opening: { readonly done: Promise<void>; readonly end: AbortController } | undefined;
  #waiting = 0;

  constructor(options: SharedLocksOptions) {
    this.#options = options;
  }

  /** The mark in the Secret while this lock is held; undefined once it was released. */
  markOf(lock: StoreLock): string | undefined {
    return this.#marks.get(lock);
  }

  async take(name: string, signal?: AbortSignal): Promise<StoreLock> {
    for (let held = this.#names.get(name); held !== undefined; held = this.#names.get(name))
      await orAborted(held, signal);
    signal?.throwIfAborted();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#names.set(name, promise);
    const leave = (): void => {
      this.#names.delete(name);
      resolve();
    };
    try {
      return this.#lockOf(await this.#join(signal), leave);
    } catch (error) {
      leave();
      throw error;
    }
  }

  #lockOf(term: Term, leave: () => void): StoreLock {
    let released = false;
    const { lost } = term.lease;
    const lock: StoreLock = {
      lost,
      isHeld: async () => !released && (await this.#options.secret.read()).holder === term.mark,
      release: async () => {
        if (released) return;
        released = true;
        this.#marks.delete(lock);
        leave();
        await this.#leave(term);
      },
    };
    this.#marks.set(lock, term.mark);
    return lock;
  }

  /** A share in the time for which this process has the Lease. */
  async #join(signal: AbortSignal | undefined): Promise<Term> {
    this.#waiting += 1;
    try {
      for (;;) {
        signal?.throwIfAborted();
        if (this.#term?.lease.held === true) {
          this.#term.users += 1;
          return this.#term;
        }
        this.#opening ??= this.#open();
        await orAborted(this.#opening.done, signal);
      }
    } finally {
      this.#waiting -= 1;
      if (this.#waiting === 0) this.#endUnwanted();
    }
  }

  /** No waiter is left: the Lease that is being opened is not needed, and is released once opened. */
  #endUnwanted(): void {
    this.#opening?.end.abort(new Error("the lock is no longer wanted"));
    const term = this.#term;
    if (term === undefined || term.users > 0) return;
    this.#term = undefined;
    void term.lease.release();
  }

  #open(): { readonly done: Promise<void>; readonly end: AbortController } {
    const end = new AbortController();
    const done = this.#begin(end.signal).finally(() => {
      if (this.#opening?.end === end) this.#opening = undefined;
    });
    // Waiters receive the error; perhaps there are none any more.
    done.catch(() => {});
    return { done, end };
  }

  async #begin(signal: AbortSignal): Promise<void> {
    const { secret, cluster, namespace, name, clock, logger } = this.#options;
    const identity = `${hostname()}_${randomUUID()}`;
    const lease = await acquireLease({ api: cluster, namespace, name, identity, clock, logger }, signal);
    try {
      await secret.update((state) => ({ ...state, holder: identity }));
      signal.throwIfAborted();
      this.#term = { mark: identity, lease, users: 0 };
    } catch (error) {
      await lease.release();
      throw error;
    }
  }

  async #leave(term: Term): Promise<void> {
    term.users -= 1;
    if (term.users > 0) return;
    if (this.#term === term) this.#term = undefined;
    await term.lease.release();
  }
}
