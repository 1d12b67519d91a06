/** Everything of test/hostile/, for a few seconds each, on a publisher of its own. */
import process from "node:process";
import { test } from "node:test";
import { assertHarmless } from "../hostile/bound.ts";
import { scenarios } from "../hostile/scenarios.ts";

const skip = process.platform === "linux" ? false : "Linux has sixteen loopback addresses and /proc";

for (const [name, scenario] of Object.entries(scenarios)) {
  test(`a hundred good clients are answered, in bounded memory, under: ${name}`, { skip }, async () => {
    assertHarmless(await scenario({ seconds: 3, patience: 60, rest: 1 }));
  });
}
