import assert from "node:assert/strict";
import type { Outcome } from "./trial.ts";

/** What a publisher may have resident under any attack, in MiB: 300 MB. */
export const maxMiB = 300e6 / 2 ** 20;

/** Asserts that an attack killed nobody, kept no good client from an answer, and left memory bounded. */
export function assertHarmless(outcome: Outcome): void {
  const { alive, failures, clients, memory } = outcome;
  assert.ok(alive, "the publisher has died");
  assert.deepEqual(failures, [], `of ${clients} good clients`);
  assert.ok(memory.peak < maxMiB, `${memory.peak} MiB resident, and ${maxMiB} are the most`);
}
