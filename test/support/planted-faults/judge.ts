import assert from "node:assert/strict";
import type { ListedFault } from "./list.ts";

/** A step of a probe; `error` where it did not go as the real service's client expects. */
export interface Step {
  readonly step: string;
  readonly error?: string;
}

/** Asserts that none was lost on the way, and that each is named once within its script. */
export function assertListed(faults: readonly ListedFault[], atLeast: number): void {
  assert.ok(faults.length >= atLeast);
  const names = faults.map(({ script, rule }) => `${script}: ${rule}`);
  assert.equal(
    new Set(names).size,
    names.length,
    names.filter((name, at) => names.indexOf(name) < at).join(),
  );
}

/** Asserts that the fault's own step failed, and not every step: a stand-in that does nothing proves nothing. */
export function assertFound(fault: ListedFault, steps: readonly Step[]): void {
  const failed = steps.filter(({ error }) => error !== undefined).map(({ step }) => step);
  assert.ok(failed.length < steps.length, "every step failed");
  assert.ok(failed.includes(fault.step), `failed: ${failed.join("; ") || "nothing"}`);
}
