import { errorText, PodtrustError, until } from "../../core/base/index.ts";
import { ApiRefusal, ApiUnanswered } from "../../core/http/index.ts";
import type { Work } from "../../rules/plan/index.ts";
import type { GoogleApi } from "./api.ts";
import { googleError, isConflict, isNotFound } from "./vendor.ts";

/** One request that brings the present state nearer to the wanted one. */
export interface SettleStep {
  /** In words that differ for each step of a thing: `creating the pool prod`. */
  readonly what: string;
  make(): Promise<void>;
}

const settleWithinMs = 240_000;

/** Whether the state has to be read again: it is not known what was done, or another writer was faster. */
function isOpen(thrown: unknown): boolean {
  if (thrown instanceof ApiUnanswered || isConflict(thrown) || isNotFound(thrown)) return true;
  return thrown instanceof ApiRefusal && thrown.code === "FAILED_PRECONDITION";
}

/** Waits that grow while the same step is needed again; a first step is not waited for. */
class Pauses {
  #last = "";
  #times = 0;
  #refusal: unknown;

  /** Milliseconds before the next look, after a step was made or was not answered. */
  after({ what }: SettleStep): number {
    this.#times = what === this.#last ? this.#times + 1 : 0;
    this.#last = what;
    return this.#times === 0 ? 0 : Math.min(500 * 2 ** (this.#times - 1), 15_000);
  }

  /** Throws a refusal that came twice for the same step, though the state was read in between. */
  refused({ what }: SettleStep, thrown: unknown): void {
    const isAgain = this.#refusal !== undefined && what === this.#last;
    if (thrown instanceof ApiUnanswered || isConflict(thrown)) return;
    if (isAgain) throw googleError(thrown, what);
    this.#refusal = thrown;
  }
}

/**
 * Looks, makes the one step that `next` finds missing, and looks again, until none is. So a lost answer, an earlier run that
 * was cut off and another run at the same time all end in the same place. Throws what `next` throws, refusals as `gcp-*`,
 * and the last failure once the time is up.
 */
export async function settle(
  api: GoogleApi,
  work: Pick<Work, "signal" | "waiting">,
  next: () => Promise<SettleStep | undefined>,
): Promise<void> {
  const pauses = new Pauses();
  let failure: unknown;
  let pause = 0;
  await until<true>({
    clock: api.clock,
    withinMs: settleWithinMs,
    delays: [0],
    signal: work.signal,
    look: async () => {
      const step = await next();
      if (step === undefined) return { is: true };
      let waitsFor = `Google does not show yet what was done: ${step.what}`;
      try {
        await step.make();
      } catch (thrown) {
        failure = googleError(thrown, step.what);
        if (!isOpen(thrown) || work.signal.aborted) throw failure;
        pauses.refused(step, thrown);
        waitsFor = errorText(failure);
      }
      pause = pauses.after(step);
      return { waitsFor, minDelay: pause };
    },
    onWait: (reason, deadline) => {
      if (pause > 0) work.waiting(reason, deadline);
    },
    late: (reason) => failure ?? new PodtrustError("gcp-unavailable", reason),
  });
}
