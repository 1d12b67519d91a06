import {
  asPodtrustError,
  type Clock,
  defined,
  type Logger,
  PodtrustError,
  TimeLimit,
} from "../../core/base/index.ts";
import { type NextReconcile, WorkQueue } from "./queue.ts";

/** Why the last reconcile of a key failed. */
export interface ReconcileFailure {
  readonly key: string;
  readonly code: string;
  readonly message: string;
  /** Failures in a row. */
  readonly times: number;
  /** Milliseconds since the epoch, of the last failure. */
  readonly at: number;
}

/** Activity of a controller, for status and metrics. */
export interface ControllerStatus {
  readonly name: string;
  /** Whether this process reconciles: it leads, and has listed all that the controller follows. */
  readonly working: boolean;
  readonly synced: boolean;
  /** Keys that wait for a worker. */
  readonly queue: number;
  /** Keys whose last reconcile failed. */
  readonly failing: number;
  readonly failures: readonly ReconcileFailure[];
  /** Keys that were reconciled but are blocked, by reason. */
  readonly unmet: Readonly<Record<string, number>>;
  /** Since the process began. */
  readonly done: number;
  readonly failed: number;
  /** Of all reconciles, in seconds. */
  readonly seconds: number;
}

/** The lease that lets only one process write. */
export interface Leading {
  readonly held: boolean;
}

export interface RunnerOptions {
  readonly controller: Controller;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The most keys kept. */
  readonly limit?: number;
}

const defaultConcurrency = 4;
/** After this time a reconcile is aborted. */
const maxReconcile = 120_000;
const maxFailuresKept = 50;

function countOf(reasons: Iterable<string>): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const reason of reasons) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}

/** Runs one controller in a process that leads from time to time. */
export class ControllerRunner {
  readonly #controller: Controller;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #queue: WorkQueue;
  readonly #failures = new Map<string, ReconcileFailure>();
  readonly #unmet = new Map<string, string>();
  /** The remaining keys of a sweep; each finds room in the queue eventually. */
  #sweep: Iterator<string> | undefined;
  /** The queue was full for some key: another sweep is due. */
  #missed = false;
  #working = false;
  #done = 0;
  #failed = 0;
  #seconds = 0;

  constructor({ controller, clock, logger, limit }: RunnerOptions) {
    this.#controller = controller;
    this.#clock = clock;
    this.#logger = logger.child({ controller: controller.name });
    const { perShare, shareOf } = controller;
    this.#queue = new WorkQueue({
      clock,
      ...defined({ limit, perShare, shareOf }),
    });
  }

  get status(): ControllerStatus {
    return {
      name: this.#controller.name,
      working: this.#working,
      synced: this.#synced,
      queue: this.#queue.ready,
      failing: this.#queue.failing,
      failures: [...this.#failures.values()],
      unmet: countOf(this.#unmet.values()),
      done: this.#done,
      failed: this.#failed,
      seconds: this.#seconds,
    };
  }

  /** Keys that wait for a worker now. */
  get waiting(): number {
    return this.#queue.ready;
  }

  get #synced(): boolean {
    return this.#controller.follows.every(({ synced }) => synced);
  }

  /**
   * Reconciles until the signal is aborted, and resolves once no reconcile runs any more. `leading` is checked before
   * each write. Starts with all existing keys.
   */
  async lead(leading: Leading, signal: AbortSignal): Promise<void> {
    const { follows, concurrency = defaultConcurrency } = this.#controller;
    const subscriptions: (() => void)[] = [];
    try {
      await Promise.all(follows.map((one) => one.untilSynced(signal)));
      for (const one of follows) subscriptions.push(one.subscribe((key) => this.#add(key)));
      this.#missed = true;
      this.#feed();
      this.#working = true;
      await Promise.all(Array.from({ length: concurrency }, () => this.#work(leading, signal)));
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#working = false;
      for (const end of subscriptions) end();
      this.#queue.clear();
      this.#sweep = undefined;
      this.#failures.clear();
      this.#unmet.clear();
    }
  }

  #add(key: string): void {
    if (!this.#queue.add(key)) this.#missed = true;
  }

  *#allKeys(): Generator<string> {
    for (const one of this.#controller.follows) yield* one.keys();
  }

  /** Continues the sweep as far as there is room. */
  #feed(): void {
    while (!this.#queue.full) {
      if (this.#sweep === undefined) {
        if (!this.#missed) return;
        this.#missed = false;
        this.#sweep = this.#allKeys();
      }
      const next = this.#sweep.next();
      if (next.done === true) this.#sweep = undefined;
      else this.#queue.add(next.value);
    }
  }

  async #work(leading: Leading, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const key = await this.#queue.take(signal).catch(() => undefined);
      if (key !== undefined) await this.#reconcile(key, leading, signal);
    }
  }

  async #reconcile(key: string, leading: Leading, signal: AbortSignal): Promise<void> {
    const begun = this.#clock.elapsed();
    const reason = (): Error =>
      new PodtrustError("interrupted", "the reconcile took longer than two minutes");
    const limit = new TimeLimit(this.#clock, { ms: maxReconcile, signal, reason });
    const run: Reconcile = {
      signal: limit.signal,
      assertHeld() {
        if (!leading.held)
          throw new PodtrustError("interrupted", "this process no longer holds the lease: another writes");
      },
    };
    try {
      const result = await this.#controller.reconcile(key, run);
      this.#failures.delete(key);
      this.#note(key, result?.unmet);
      this.#done += 1;
      this.#queue.done(key, result ?? {});
    } catch (error) {
      if (!signal.aborted) this.#fail(key, error);
    } finally {
      this.#seconds += (this.#clock.elapsed() - begun) / 1000;
      await limit.end();
      this.#feed();
    }
  }

  #note(key: string, reason: string | undefined): void {
    if (reason === undefined) this.#unmet.delete(key);
    else this.#unmet.set(key, reason);
  }

  #fail(key: string, error: unknown): void {
    const { code, message } = asPodtrustError(error);
    const before = this.#failures.get(key);
    const times = (before?.times ?? 0) + 1;
    const wait = this.#queue.failed(key);
    this.#failed += 1;
    // The same error is logged at the first, tenth and hundredth time.
    if (before?.message !== message || /^10*$/u.test(String(times)))
      this.#logger.warn(`a reconcile failed: ${message}`, { key, code, times, againInMs: Math.round(wait) });
    this.#failures.delete(key);
    this.#failures.set(key, { key, code, message, times, at: this.#clock.now() });
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > maxFailuresKept && oldest !== undefined) this.#failures.delete(oldest);
  }
}

/** What a reconcile is given, and must respect. */
export interface Reconcile {
  /** Aborted when the process ends, the lease is lost or the reconcile takes too long: stop and throw its reason. */
  readonly signal: AbortSignal;
  /**
   * Throws `interrupted` unless this process still holds the lease that lets only one process write. Call it before
   * each write, in the cluster or elsewhere: a suspended process resumes in the middle of its work.
   */
  readonly assertHeld: () => void;
}

/** What happens after a reconcile that did its work. */
export interface ReconcileResult extends NextReconcile {
  /** A reason, of a fixed set: the key does not have what it asks for, and that is reported where users look for it. */
  readonly unmet?: string;
}

/** What a controller follows: says which keys to reconcile when something changes. */
export interface KeySource {
  /** Everything was listed at least once. */
  readonly synced: boolean;
  /** Resolves once `synced` is true; rejects with the signal's reason. */
  untilSynced(signal: AbortSignal): Promise<void>;
  /** The keys of all existing objects. */
  keys(): Iterable<string>;
  /** Calls back with the key of each changed, new or deleted object; returns a function that ends that. */
  subscribe(changed: (key: string) => void): () => void;
}

/**
 * Brings the objects that it is responsible for to their desired state, key by key.
 *
 * - A key is `namespace/name`, or `name` for cluster-wide objects. It says what to look at, not what happened: a
 *   reconcile reads the current state and does what is missing, also for deleted objects.
 * - One reconcile per key runs at a time; a few per controller.
 * - Throwing means: try again later, with growing waits. An error goes to the log, the metrics and the status only;
 *   what users should see in the cluster, the reconcile writes itself.
 * - Reconciles run in the process that holds the lease. If it is killed, the next process starts them over: each write
 *   must be idempotent.
 */
export interface Controller {
  /** Lower-case letters and hyphens; its name in log, metrics and status. */
  readonly name: string;
  readonly follows: readonly KeySource[];
  /** How many reconciles run at a time; 4 by default. */
  readonly concurrency?: number;
  /** How many of them may belong to one share. Default: all. */
  readonly perShare?: number;
  /** The share that a key's reconciles count towards. Default: its namespace. */
  readonly shareOf?: (key: string) => string;
  reconcile(key: string, run: Reconcile): Promise<ReconcileResult | void>;
}

/**
 * Follows one kind of objects for the keys of another: a change in `source` counts as a change of each of `keysOf` its
 * key. `keys` gives all existing keys; none by default, if another followed source has them.
 */
export function followedAs(
  source: Pick<KeySource, "synced" | "untilSynced" | "subscribe">,
  keysOf: (key: string) => Iterable<string>,
  keys: () => Iterable<string> = () => [],
): KeySource {
  return {
    get synced() {
      return source.synced;
    },
    untilSynced: (signal) => source.untilSynced(signal),
    keys,
    subscribe: (changed) =>
      source.subscribe((key) => {
        for (const one of keysOf(key)) changed(one);
      }),
  };
}
