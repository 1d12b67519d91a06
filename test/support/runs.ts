import process from "node:process";
import { test, type TestFn, type TestOptions } from "node:test";

/** Whether suites run at length, as `npm run test:nightly` has them. */
export const isAtLength = process.env["PODTRUST_AT_LENGTH"] === "yes";

/** How often a property is tried: so often in the gate, and twenty times as often nightly. */
export const runs = (gate: number): number => (isAtLength ? 20 * gate : gate);

/** Of a grid's cases those that are tried: one of so many in the gate, and all of them nightly. */
export function casesOf<T>(grid: readonly T[], gate: number): readonly T[] {
  return grid.filter((_, index) => isAtLength || index % gate === 0);
}

/** A test that the gate leaves to the night: its suite has shown there already the way that most users take. */
export function testAtLength(name: string, options: TestOptions, run: TestFn): void {
  if (isAtLength) void test(name, options, run);
}
