import { Histogram } from "../../core/admin/index.ts";
import type { ReviewOutcome } from "./review.ts";

/**
 * Outcomes of requests: as reviews say; `refused` were no review, or too large or slow; `failed` could not be answered,
 * because the API server could not be asked.
 */
export type RequestOutcome = ReviewOutcome | "refused" | "failed";

export const requestOutcomes = [
  "injected",
  "unchanged",
  "untouched",
  "refused",
  "failed",
] as const satisfies readonly RequestOutcome[];

/** Upper bounds of the latency buckets, in seconds. */
const bounds: readonly number[] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5];

/** Counts the webhook's answers since the process began. */
export class ReviewTallies {
  readonly outcomes: Record<RequestOutcome, number> = {
    injected: 0,
    unchanged: 0,
    untouched: 0,
    refused: 0,
    failed: 0,
  };
  readonly latency = new Histogram(bounds);

  /** A request was answered, `seconds` after its head. */
  count(outcome: RequestOutcome, seconds: number): void {
    this.outcomes[outcome] += 1;
    this.latency.took(seconds);
  }
}
