/**
 * A process that takes a Lease and says what it knows, for lease.test.ts, which freezes and kills it: one line of JSON
 * each time something changed. Arguments: kubeconfig, name of the Lease, identity, milliseconds of a renewal.
 * (No test file: its name does not end in .test.ts.)
 */
import process from "node:process";
import { silentLogger, systemClock } from "../../../src/core/base/index.ts";
import { acquireLease, openKubernetes } from "../../../src/providers/kubernetes/index.ts";

const [kubeconfig = "", name = "", identity = "", durationMs = ""] = process.argv.slice(2);
const say = (event: string): void => {
  process.stdout.write(`${JSON.stringify({ event })}\n`);
};

const api = await openKubernetes({ kubeconfig });
const spec = { api, namespace: "default", name, identity, clock: systemClock, logger: silentLogger };
const lease = await acquireLease({ ...spec, durationMs: Number(durationMs) }, new AbortController().signal);
say("taken");
lease.lost.addEventListener("abort", () => say("lost"));
// What a reconcile does before each write; a process that slept comes back in the middle of such a loop.
let last = systemClock.elapsed();
for (;;) {
  await systemClock.sleep(5);
  const now = systemClock.elapsed();
  // As long as a renewal holds: who slept so long can hold nothing, however busy the machine was besides.
  if (now - last > Number(durationMs))
    say(lease.held ? "writes after a sleep" : "does not write after a sleep");
  last = now;
}
