import type { Clock } from "../../core/base/index.ts";
import type { PassOutcome } from "../elsewhere/loop.ts";
import { type PublicationSpec, publishTo } from "./publish.ts";
import type { DocumentTarget } from "./target.ts";

/** What goes into a bucket, and where that is. */
export interface BucketPassesOptions {
  readonly target: DocumentTarget;
  /** What is to be published at this moment; undefined while there is nothing to go by. */
  readonly spec: () => PublicationSpec | undefined;
  readonly clock: Clock;
}

// Marks alone are worth a write this often: relying parties do not see them.
const marksEvery = 300_000;

/** Passes over a bucket, one after the other. */
export class BucketPasses {
  readonly #options: BucketPassesOptions;
  /** When marks were written last, in milliseconds of `clock.elapsed()`. */
  #marksAt = -Infinity;

  constructor(options: BucketPassesOptions) {
    this.#options = options;
  }

  /** Brings what differs into the bucket. Throws what `publishTo` throws. */
  async pass(signal: AbortSignal): Promise<PassOutcome | undefined> {
    const { target, clock, spec } = this.#options;
    const first = spec();
    if (first === undefined) return undefined;
    const now = clock.elapsed();
    const every = Math.min(marksEvery, first.retention / 20);
    const marksDue = now - this.#marksAt >= every;
    const outcome = await publishTo(() => ({ ...(spec() ?? first), marksDue }), { target, clock, signal });
    if (marksDue || outcome.written.includes("jwks")) this.#marksAt = now;
    const { written, conflicts, warnings, keys } = outcome;
    return { written, conflicts, warnings, kids: keys.map(({ kid }) => kid) };
  }
}
