import process from "node:process";
import { before, describe, test } from "node:test";
import { buildPackage } from "../bench/servers.ts";
import { casesOf } from "../support/runs.ts";
import { assertHarmless } from "./bound.ts";
import { scenarios } from "./scenarios.ts";
import { clientOrigins } from "./trial.ts";

const skip = process.platform === "linux" ? false : "Linux has sixteen loopback addresses and /proc";

/**
 * Tests that a publisher, as users install it, survives these attacks for so long each, from either origin: in the gate one of
 * so many of them.
 */
export function testUnder(names: readonly string[], seconds: number, gate = 1): void {
  const grid = Object.keys(clientOrigins).flatMap((from) => names.map((name) => ({ from, name })));
  const cases = casesOf(grid, gate);
  let command: readonly string[] = [];
  // Stripping types costs memory that no user pays.
  before(async () => {
    command = [process.execPath, await buildPackage()];
  });
  for (const [from, origin] of Object.entries(clientOrigins)) {
    const attacked = `attacked from ${from}, a publisher answers a hundred good clients under 300 MB resident,`;
    describe(attacked, { skip }, () => {
      for (const { name } of cases.filter((one) => one.from === from)) {
        test(`under: ${name}`, async () => {
          const scenario = scenarios[name];
          if (scenario === undefined) throw new TypeError(`no scenario is called ${name}`);
          assertHarmless(await scenario({ seconds, timeoutSeconds: 60, rest: 0, command, origin }));
        });
      }
    });
  }
}
