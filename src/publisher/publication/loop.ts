import { asPodtrustError, ChildAbort, type Clock, defined, type Logger } from "../../core/base/index.ts";
import type { PublicationStatus } from "../status.ts";

/** Result of one pass. */
export interface PassOutcome {
  /** What was written, in order; empty if all of it was there. */
  readonly written: readonly string[];
  /** Of the keys that are there now. */
  readonly kids: readonly string[];
  /** How often another publisher wrote between our reading and writing. */
  readonly conflicts: number;
  /** Sentences about things that work but should be fixed. */
  readonly warnings: readonly string[];
}

export interface PublicationLoopOptions {
  /** `s3://BUCKET`: where it publishes. */
  readonly place: string;
  /** Brings that place up to date; undefined while there is nothing to publish. */
  readonly pass: (signal: AbortSignal) => Promise<PassOutcome | undefined>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called whenever readiness may have changed. */
  readonly changed: () => void;
}

/** Counts since the start, for metrics. */
export interface PublicationTallies {
  confirmed: number;
  failed: number;
  conflicts: number;
}

// Another party's overwrite or deletion lasts at most a minute.
const lookAgain = 60_000;
const afterFailures = [1000, 2000, 5000, 10_000, 30_000, 60_000] as const;
const logAgainMs = 300_000;

/** Keeps a place elsewhere in line with a source, through outages and beside other publishers. */
export class PublicationLoop {
  readonly tallies: PublicationTallies = { confirmed: 0, failed: 0, conflicts: 0 };
  readonly #options: PublicationLoopOptions;
  readonly #ending = new AbortController();
  #loop: Promise<void> | undefined;
  #nap: ChildAbort | undefined;
  #asked = false;
  #waiting: ((published: boolean) => void)[] = [];
  #status: PublicationStatus;
  #published: readonly string[] = [];
  /** When a failure was logged last, in milliseconds of `clock.elapsed()`. */
  #saidAt = -Infinity;
  #warned: readonly string[] = [];

  constructor(options: PublicationLoopOptions) {
    this.#options = options;
    this.#status = { place: options.place, pending: true, warnings: [] };
  }

  get status(): PublicationStatus {
    return this.#status;
  }

  /** The kids that were last seen there. */
  get published(): readonly string[] {
    return this.#published;
  }

  start(): void {
    this.#loop = this.#run(this.#ending.signal);
  }

  /** Publishes the current state as soon as possible; returns whether the first try succeeded. */
  publish(): Promise<boolean> {
    this.#status = { ...this.#status, pending: true };
    this.#asked = true;
    const done = new Promise<boolean>((resolve) => this.#waiting.push(resolve));
    this.#nap?.abort();
    return this.#ending.signal.aborted ? Promise.resolve(false) : done;
  }

  async close(): Promise<void> {
    this.#ending.abort(new Error("the publisher is ending"));
    await this.#loop;
    for (const wake of this.#waiting.splice(0)) wake(false);
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      this.#asked = false;
      const waiting = this.#waiting.splice(0);
      const published = await this.#pass(signal);
      failures = published ? 0 : failures + 1;
      for (const wake of waiting) wake(published);
      const wait = published
        ? lookAgain
        : (afterFailures[Math.min(failures, afterFailures.length) - 1] ?? lookAgain);
      if (this.#asked) continue;
      const nap = new ChildAbort(signal);
      this.#nap = nap;
      await clock.sleep(wait, nap.signal).catch(() => {});
      nap.release();
      this.#nap = undefined;
    }
  }

  /** One pass; false if it failed. Having nothing to publish yet is not a failure. */
  async #pass(signal: AbortSignal): Promise<boolean> {
    try {
      const outcome = await this.#options.pass(signal);
      if (outcome === undefined) return true;
      this.#succeeded(outcome);
    } catch (thrown) {
      if (!signal.aborted) this.#failed(thrown);
      this.#options.changed();
      return false;
    }
    this.#options.changed();
    return true;
  }

  #succeeded(outcome: PassOutcome): void {
    const { logger, clock } = this.#options;
    const { place, failing } = this.#status;
    const now = clock.now();
    const { written, conflicts, warnings, kids } = outcome;
    this.#published = kids;
    this.tallies.confirmed += 1;
    this.tallies.conflicts += conflicts;
    if (failing !== undefined) logger.info("publishing works again", { place, count: failing.count });
    if (written.length > 0) {
      logger.info("documents were written", { place, written, kids, conflicts });
    }
    for (const warning of warnings) if (!this.#warned.includes(warning)) logger.warn(warning);
    this.#warned = warnings;
    const changedAt = written.length > 0 ? now : this.#status.changedAt;
    this.#status = {
      place,
      pending: this.#asked,
      confirmedAt: now,
      ...defined({ changedAt }),
      warnings,
    };
  }

  #failed(thrown: unknown): void {
    const { logger, clock } = this.#options;
    const { code, message, next } = asPodtrustError(thrown);
    const now = clock.elapsed();
    const before = this.#status.failing;
    this.tallies.failed += 1;
    const failing = {
      code,
      message,
      next,
      since: before?.since ?? clock.now(),
      count: (before?.count ?? 0) + 1,
    };
    const same = before?.code === code && now - this.#saidAt < logAgainMs;
    if (!same) {
      logger.error(`the documents could not be published: ${message}`, { code, next, count: failing.count });
      this.#saidAt = now;
    }
    this.#status = { ...this.#status, pending: true, failing };
  }
}
