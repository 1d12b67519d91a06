import type { Clock } from "../../core/base/index.ts";
import type { PassOutcome } from "../publication/loop.ts";
import { type PublicationSpec, publishTo } from "./publish.ts";
import type { DocumentTarget } from "../targets/documents.ts";

/** What is published in a bucket, and which one. */
export interface BucketPassesOptions {
  readonly target: DocumentTarget;
  /** What to publish now; undefined while the cluster has given no answer. */
  readonly spec: () => PublicationSpec | undefined;
  readonly clock: Clock;
}

// How often marks alone are worth a write: relying parties do not see them.
const marksEvery = 300_000;

/** Passes over a bucket, one after the other. */
export class BucketPasses {
  readonly #options: BucketPassesOptions;
  /** When marks were last written, in milliseconds of `clock.elapsed()`. */
  #marksAt = -Infinity;

  constructor(options: BucketPassesOptions) {
    this.#options = options;
  }

  /** Writes what differs into the bucket. Throws what `publishTo` throws. */
  async pass(signal: AbortSignal): Promise<PassOutcome | undefined> {
    const { target, clock, spec } = this.#options;
    const first = spec();
    if (first === undefined) return undefined;
    const now = clock.elapsed();
    const every = Math.min(marksEvery, first.keyRetention / 20);
    const marksDue = now - this.#marksAt >= every;
    const outcome = await publishTo(() => ({ ...(spec() ?? first), marksDue }), { target, clock, signal });
    if (marksDue || outcome.written.includes("jwks")) this.#marksAt = now;
    const { written, conflicts, warnings, keys } = outcome;
    return { written, conflicts, warnings, kids: keys.map(({ kid }) => kid) };
  }
}
