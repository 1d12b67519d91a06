import assert from "node:assert/strict";
import process from "node:process";
import { describe, test } from "node:test";
import { listenerUnder, origins } from "./trial.ts";

const skip = process.platform === "linux" ? false : "Linux has sixteen loopback addresses and /proc";

/** What the Deployments of publisher and operator allow, in MiB. */
const mostMiB = 320;

/** An attack, and how many connections it keeps open. */
export type Assault = readonly [attack: string, connections: number];

/** Tests that a hundred good questions are answered under each attack, from wherever it comes. */
export function testListenersUnder(assaults: readonly Assault[], seconds: number): void {
  for (const [from, addresses] of Object.entries(origins)) {
    describe(
      `attacked from ${from}, the webhook and the port of probes answer a hundred of a hundred,`,
      {
        skip,
      },
      () => {
        for (const [attack, connections] of assaults) {
          test(`and stay under 320 MiB, under ${connections} connections: ${attack}`, async () => {
            const trial = { attack, connections, addresses, seconds, patience: 60 };
            const { alive, failures, memory } = await listenerUnder(trial);
            assert.ok(alive, "it has died");
            assert.deepEqual(failures, []);
            assert.ok(memory.peak < mostMiB, `${memory.peak} MiB resident`);
          });
        }
      },
    );
  }
}
