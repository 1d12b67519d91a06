import process from "node:process";
import { listenerUnder, origins } from "../hostile/listeners/trial.ts";
import { assaults } from "../hostile/listeners/under.ts";
import { scenarios } from "../hostile/scenarios.ts";
import { clientOrigins } from "../hostile/trial.ts";
import { hostileFigures, renderHostilePage, type HostileRow, type PodRow } from "./hostile-page.ts";
import type { PlottedPage } from "./plot.ts";
import { measuredNow, needed, onServersCore } from "./process.ts";
import { buildPackage } from "./servers.ts";

/** What hostile clients and lying servers do to the publisher, as the text of docs/reference/benchmarks/hostile.md; `quick` for a look. */
export async function benchHostile(quick: boolean): Promise<PlottedPage> {
  await needed({ taskset: "--version" });
  const measured = measuredNow();
  const command = [...onServersCore, process.execPath, await buildPackage()];
  const effort = { seconds: quick ? 3 : 10, timeoutSeconds: 15, rest: quick ? 1 : 5, command };
  const rows: HostileRow[] = [];
  for (const [from, origin] of Object.entries(clientOrigins))
    for (const [name, scenario] of Object.entries(scenarios)) {
      rows.push({ name, from, outcome: await scenario({ ...effort, origin }) });
      console.log(`${name}, from ${from}`);
    }
  const ofPods: PodRow[] = [];
  for (const [from, addresses] of Object.entries(origins))
    for (const [attack, connections] of assaults) {
      const trial = {
        attack,
        connections,
        addresses,
        seconds: quick ? 2 : 4,
        timeoutSeconds: effort.timeoutSeconds,
      };
      ofPods.push({ name: attack, connections, from, outcome: await listenerUnder(trial) });
      console.log(`${connections} ${attack}, from ${from}`);
    }
  const { seconds, timeoutSeconds, rest } = effort;
  const results = { ...measured, seconds, timeoutSeconds, rest, rows, ofPods };
  return { text: renderHostilePage(results), figures: hostileFigures(results) };
}
