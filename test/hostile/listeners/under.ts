import assert from "node:assert/strict";
import process from "node:process";
import { describe, test } from "node:test";
import { casesOf } from "../../support/runs.ts";
import { onProbes, onWebhook } from "./attacks.ts";
import { listenerUnder, origins } from "./trial.ts";

const skip = process.platform === "linux" ? false : "Linux has sixteen loopback addresses and /proc";

/** What the Deployments of publisher and operator allow, in MiB. */
const maxMiB = 320;

/**
 * Seconds that an API server waits, by the webhook's configuration, and a kubelet by its probe; and up to how many connections.
 * With more every question is answered too, but not in that time: the handshakes of 600 alone take three seconds of a whole
 * processor.
 */
const waits = { webhook: { seconds: 5, connections: 64 }, probes: { seconds: 3, connections: 600 } } as const;

/** An attack, and how many connections it keeps open. */
export type Assault = readonly [attack: string, connections: number];

const sizes: readonly number[] = [64, 600, 2400];
/** Few do the most harm by these. */
const few = new Set(["three megabytes of numbers", "60,000 containers"]);
const many = new Set(["handshakes, then silence", "half a head"]);

/** Every attack, by as many connections as do the most harm. */
export const assaults: readonly Assault[] = [
  ["bodies that are announced and do not come", 17],
  ...Object.keys(onWebhook).flatMap((name) =>
    (many.has(name) ? sizes : [few.has(name) ? 14 : 64]).map((count): Assault => [name, count]),
  ),
  ...Object.keys(onProbes).flatMap((name) => sizes.map((count): Assault => [name, count])),
];

/**
 * Tests that a hundred good questions are answered under each attack, from wherever it comes, in the time that API server and
 * kubelet wait, with the chart's share of a processor: in the gate under one of so many of them.
 */
export function testListenersUnder(tried: readonly Assault[], seconds: number, gate = 1): void {
  const grid = Object.keys(origins).flatMap((from) => tried.map((assault) => ({ from, assault })));
  const cases = casesOf(grid, gate);
  for (const [from, addresses] of Object.entries(origins)) {
    describe(
      `attacked from ${from}, the webhook and the port of probes answer a hundred of a hundred,`,
      {
        skip,
      },
      () => {
        for (const { assault } of cases.filter((one) => one.from === from)) {
          const [attack, connections] = assault;
          test(`and stay under 320 MiB, under ${connections} connections: ${attack}`, async (t) => {
            const wait = Object.hasOwn(onWebhook, attack) ? waits.webhook : waits.probes;
            const timeoutSeconds = connections > wait.connections ? 60 : wait.seconds;
            const trial = { attack, connections, addresses, seconds, timeoutSeconds };
            const { alive, failures, memory, share } = await listenerUnder(trial);
            t.diagnostic(`its share of a processor: ${share}`);
            assert.ok(alive, "it has died");
            assert.deepEqual(failures, []);
            assert.ok(memory.peak < maxMiB, `${memory.peak} MiB resident`);
          });
        }
      },
    );
  }
}
