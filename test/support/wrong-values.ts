import assert from "node:assert/strict";
import * as fc from "fast-check";
import { SandboxError } from "../../src/sandbox/index.ts";

/** What callers get wrong: out of range, of another type, empty, hostile. */
export const wrong: readonly unknown[] = [
  null,
  true,
  -1,
  0.5,
  70_000,
  1e300,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  "",
  "x",
  "\0",
  [],
  [null],
  [""],
  {},
  { x: 1 },
  { toString: 1 },
];

export type Act = (value: unknown) => unknown;

/** Does it, ends what was started, and gives the error that came out. */
export async function errorOf(act: () => unknown): Promise<unknown> {
  try {
    const made = await act();
    if (typeof made === "object" && made !== null && "close" in made) await (made.close as () => unknown)();
    return undefined;
  } catch (error) {
    return error;
  }
}

async function check(name: string, act: Act, value: unknown): Promise<void> {
  const error = await errorOf(() => act(value));
  if (error === undefined) return;
  const said = `${name} of ${JSON.stringify(value)}`;
  assert.ok(error instanceof SandboxError, said);
  assert.notEqual(error.code, "internal", `${said}: ${error.message}`);
}

/** Each wrong value, and JSON of any form. */
export async function checkAll(
  name: string,
  act: Act,
  tries: { readonly numRuns: number },
  takes: (value: unknown) => boolean = () => true,
): Promise<void> {
  for (const value of wrong.filter(takes)) await check(name, act, value);
  const anything = fc.jsonValue({ maxDepth: 2 }).filter(takes);
  await fc.assert(
    fc.asyncProperty(anything, (value) => check(name, act, value)),
    tries,
  );
}
