import assert from "node:assert/strict";
import type { Outcome } from "./trial.ts";

/** What a publisher may have resident under any attack, in MiB: 300 MB. */
export const mostMiB = 300e6 / 2 ** 20;

/** What the built package has resident when idle, in MiB: whatever else runs podtrust may have as much more. */
const idleMiB = 95;

/** Asserts that an attack did no more harm than is promised. */
export function assertHarmless(outcome: Outcome): void {
  const { alive, failures, clients, memory } = outcome;
  assert.ok(alive, "the publisher has died");
  assert.deepEqual(failures, [], `of ${clients} good clients`);
  const grown = memory.peak - memory.before;
  assert.ok(grown < mostMiB - idleMiB, `grew from ${memory.before} to ${memory.peak} MiB`);
}
