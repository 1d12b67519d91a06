import {
  asPodtrustError,
  type Clock,
  defined,
  type Logger,
  PodtrustError,
  TimeLimit,
} from "../../core/base/index.ts";
import { type NextReconcile, WorkQueue } from "./queue.ts";

/** Why a key could not be reconciled when it was tried last. */
export interface ReconcileFailure {
  readonly key: string;
  readonly code: string;
  readonly message: string;
  /** In a row. */
  readonly times: number;
  /** Milliseconds since the epoch, of the last. */
  readonly at: number;
}

/** What a controller does, for status and metrics. */
export interface ControllerStatus {
  readonly name: string;
  /** Whether this process reconciles: it leads, and has seen all that the controller follows. */
  readonly working: boolean;
  readonly synced: boolean;
  /** Keys that wait for a worker. */
  readonly queue: number;
  /** Keys that failed when they were tried last. */
  readonly failing: number;
  readonly failures: readonly ReconcileFailure[];
  /** Keys that were reconciled and do not have what they ask for, by the reason. */
  readonly unmet: Readonly<Record<string, number>>;
  /** Since the process began. */
  readonly done: number;
  readonly failed: number;
  /** Of all reconciles, seconds. */
  readonly seconds: number;
}

/** The lease by which one process alone writes. */
export interface Leading {
  readonly held: boolean;
}

export interface RunnerOptions {
  readonly controller: Controller;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Keys that are kept at the most. */
  readonly limit?: number;
}

const defaultConcurrency = 4;
/** A reconcile that has not ended by then is told to. */
const maxReconcile = 120_000;
const maxFailuresKept = 50;

function countOf(reasons: Iterable<string>): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const reason of reasons) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}

/** Runs one controller in a process that leads now and then. */
export class ControllerRunner {
  readonly #controller: Controller;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #queue: WorkQueue;
  readonly #failures = new Map<string, ReconcileFailure>();
  readonly #unmet = new Map<string, string>();
  /** The rest of all keys, of which each finds room in the queue one day. */
  #sweep: Iterator<string> | undefined;
  /** Some key found no room: another sweep is due. */
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
   * Reconciles until the signal is aborted, and resolves once no reconcile runs any more. `leading` is asked before
   * each write. Begins with every key that is there.
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

  /** Goes on with looking at everything, as far as there is room. */
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
    // The same thing is said at the first, the tenth and the hundredth time.
    if (before?.message !== message || /^10*$/u.test(String(times)))
      this.#logger.warn(`a reconcile failed: ${message}`, { key, code, times, againInMs: Math.round(wait) });
    this.#failures.delete(key);
    this.#failures.set(key, { key, code, message, times, at: this.#clock.now() });
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > maxFailuresKept && oldest !== undefined) this.#failures.delete(oldest);
  }
}

/** What a reconcile may use and has to keep to. */
export interface Reconcile {
  /** Aborted when the process ends, the lease is lost or the reconcile takes too long: stop, and throw its reason. */
  readonly signal: AbortSignal;
  /**
   * Throws `interrupted` unless this process still holds the lease by which it alone writes. To be called before each
   * write, in the cluster or elsewhere: a process that slept comes back in the middle of its work.
   */
  readonly assertHeld: () => void;
}

/** What is to come after a reconcile that did its work. */
export interface ReconcileResult extends NextReconcile {
  /** A reason, of a fixed set: what the key asks for is not so, and that is told where people look for it. */
  readonly unmet?: string;
}

/** What a controller follows: which keys have to be looked at when something changes. */
export interface KeySource {
  /** Everything that is there was seen at least once. */
  readonly synced: boolean;
  /** Resolves once `synced` is true; rejects with the signal's reason. */
  untilSynced(signal: AbortSignal): Promise<void>;
  /** The keys of all that is there now. */
  keys(): Iterable<string>;
  /** Calls back with the key of what changed, appeared or went away; gives the function that ends that. */
  subscribe(changed: (key: string) => void): () => void;
}

/**
 * Brings what it is responsible for to what it should be, key by key.
 *
 * - A key is `namespace/name`, or `name` for what is of the whole cluster. It says what to look at, not what happened:
 *   a reconcile reads how things are and does what is missing, also for what is gone.
 * - Of one key one reconcile runs at a time; of one controller a few.
 * - Throwing means: again, later, with growing waits. Nothing else is made of an error but a line of the log, the
 *   metrics and the status; what people should see in the cluster the reconcile writes itself.
 * - Reconciles run in the process that holds the lease. One whose process is killed is done again by the next, from the
 *   beginning: each write has to be right when it is done twice.
 */
export interface Controller {
  /** Of lower-case letters and hyphens; names it in log, metrics and status. */
  readonly name: string;
  readonly follows: readonly KeySource[];
  /** How many reconciles at a time; 4 by default. */
  readonly concurrency?: number;
  /** How many of them may be of one share. Default: all. */
  readonly perShare?: number;
  /** What a key's reconciles count towards. Default: its namespace. */
  readonly shareOf?: (key: string) => string;
  reconcile(key: string, run: Reconcile): Promise<ReconcileResult | void>;
}

/**
 * Follows one sort of objects for the keys of another: a change of `source` is one of each of `keysOf` the key that
 * changed. `keys` gives all that are there; none by default, where somebody else that is followed has them.
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
