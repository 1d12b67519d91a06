import { ChildAbort, type Logger } from "../core/base/index.ts";
import type { Leading } from "./controller/index.ts";
import { acquireLease, type LeaseOptions } from "../providers/kubernetes/index.ts";

/** Who leads, as far as this process knows. */
export interface LeadershipStatus {
  readonly identity: string;
  readonly leads: boolean;
  /** As last seen in the Lease; undefined if no process holds it, or nothing was seen yet. */
  readonly leader: string | undefined;
  /** How often the leader changed, as the Lease counts. */
  readonly transitions: number;
}

/** Leads from time to time: while this process holds the lease, the leader's work runs in it. */
export class Leadership implements Leading {
  readonly #options: LeaseOptions;
  readonly #logger: Logger;
  #leader: string | undefined;
  #transitions = 0;
  #held: Leading | undefined;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#logger = options.logger;
  }

  /** Whether this process leads right now. */
  get held(): boolean {
    return this.#held?.held === true;
  }

  get status(): LeadershipStatus {
    const { identity } = this.#options;
    return { identity, leads: this.held, leader: this.#leader, transitions: this.#transitions };
  }

  /**
   * Runs `work` while the lease is held, term after term, until the signal is aborted. The lease is released only once
   * the work has ended, so that two processes never do it at once.
   */
  async run(work: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const lease = await acquireLease(this.#options, signal, ({ holder, transitions }) => {
        this.#leader = holder;
        this.#transitions = transitions;
      }).catch((error: unknown) => {
        if (signal.aborted) return undefined;
        throw error;
      });
      if (lease === undefined) return;
      this.#held = lease;
      this.#logger.info("this process leads", { identity: this.#options.identity });
      const term = new ChildAbort(lease.lost, signal);
      try {
        await work(term.signal);
      } finally {
        term.release();
        this.#held = undefined;
        await lease.release();
        this.#logger.info("this process leads no longer", { lost: lease.lost.aborted });
      }
    }
  }
}
