import assert from "node:assert/strict";
import type { Outcome } from "./trial.ts";

/** What a publisher may have resident under any attack, in MiB: 300 MB. */
export const mostMiB = 300e6 / 2 ** 20;

/** What the built package has resident when idle, in MiB: whatever else runs podtrust may have as much more. */
const idleMiB = 95;

/** A gate shares its machine: half as much again is a leak, while the figure itself is measured by the bench. */
const tolerance = 1.5;

/** Asserts that an attack killed nobody, kept no good client from an answer, and left memory bounded. */
export function assertHarmless(outcome: Outcome): void {
  const { alive, failures, clients, memory } = outcome;
  assert.ok(alive, "the publisher has died");
  assert.deepEqual(failures, [], `of ${clients} good clients`);
  const grown = memory.peak - memory.before;
  assert.ok(grown < tolerance * (mostMiB - idleMiB), `grew from ${memory.before} to ${memory.peak} MiB`);
}
