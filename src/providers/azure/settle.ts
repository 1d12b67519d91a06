import { errorText, PodtrustError, until } from "../../core/base/index.ts";
import { ApiUnanswered } from "../../core/http/index.ts";
import type { Work } from "../../rules/plan/index.ts";
import type { AzureApi } from "./api.ts";
import { azureError, isConflict, isNotFound } from "./vendor.ts";

/** One request that brings the present state nearer to the desired one. */
export interface AzureStep {
  /** In words that differ for each step of a thing: `making the identity web`. */
  readonly what: string;
  make(): Promise<void>;
}

interface SettleOptions {
  /** Milliseconds between two writes. */
  readonly paceMs?: number;
  /** The step that is missing; `isUnclear`: it is not known what the last one did, so that the state is read anew. */
  readonly next: (isUnclear: boolean) => Promise<AzureStep | undefined>;
}

const settleWithinMs = 600_000;
/** How often what a step depends on may be missing: what was just made is not seen everywhere at once. */
const maxAbsences = 6;

/** Whether the state has to be read again: it is not known what was done, or another writer was faster. */
function isOpen(thrown: unknown): boolean {
  return thrown instanceof ApiUnanswered || isConflict(thrown) || isNotFound(thrown);
}

/**
 * Makes the one step that `next` finds missing, and the next one, until none is. So a lost answer, an earlier run that was
 * cut off and another run at the same time all end in the same place. Throws what `next` throws, refusals as `azure-*`, and
 * the last failure once the time is up.
 */
export async function settle(
  api: Pick<AzureApi, "clock">,
  work: Pick<Work, "signal" | "waiting">,
  { next, paceMs = 0 }: SettleOptions,
): Promise<void> {
  let step = await next(false);
  let isUnclear = false;
  let times = 0;
  let failure: unknown;
  await until<true>({
    clock: api.clock,
    withinMs: settleWithinMs,
    delays: [0],
    signal: work.signal,
    look: async () => {
      if (isUnclear) step = await next(true);
      if (step === undefined) return { is: true };
      const { what } = step;
      let waitsFor = "Azure takes the writes of one identity one after another";
      try {
        await step.make();
        isUnclear = false;
      } catch (thrown) {
        failure = azureError(thrown, what);
        const isLost = isNotFound(thrown) && times >= maxAbsences;
        if (!isOpen(thrown) || isLost || work.signal.aborted) throw failure;
        isUnclear = true;
        waitsFor = errorText(failure);
      }
      if (!isUnclear) step = await next(false);
      if (step === undefined) return { is: true };
      times = step.what === what ? times + 1 : 0;
      const again = times === 0 ? 0 : Math.min(500 * 2 ** times, 15_000);
      return { waitsFor, minDelay: Math.max(paceMs, again) };
    },
    onWait: (reason, deadline) => work.waiting(reason, deadline),
    late: (reason) => failure ?? new PodtrustError("azure-unavailable", reason),
  });
}
