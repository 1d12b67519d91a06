import {
  asPodtrustError,
  type Clock,
  defined,
  type Logger,
  PodtrustError,
  TimeLimit,
} from "../../core/base/index.ts";
import type { Controller, Reconcile } from "./controller.ts";
import { WorkQueue } from "./queue.ts";

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
      this.#queue.done(key, result?.againAfterMs);
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
