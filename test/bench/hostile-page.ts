import { maxMiB } from "../hostile/bound.ts";
import { barOf, type Figures, plotLine } from "./plot.ts";
import type { Outcome } from "../hostile/trial.ts";

export interface HostileRow {
  readonly name: string;
  /** Whose addresses it comes from. */
  readonly from: string;
  readonly outcome: Outcome;
}

/** An attack of a pod on the webhook or a port for probes. */
export interface PodRow extends HostileRow {
  readonly connections: number;
}

export interface HostileResults {
  readonly when: string;
  readonly machine: string;
  readonly seconds: number;
  /** Seconds that a good client waits. */
  readonly timeoutSeconds: number;
  /** Seconds until memory is read again. */
  readonly rest: number;
  readonly rows: readonly HostileRow[];
  readonly ofPods: readonly PodRow[];
}

/** What the page's plot is drawn from. */
export function hostileFigures({ when, machine, rows }: HostileResults): Figures {
  return {
    title: "How long good clients wait during an attack",
    axis: "Time of a good client's answer",
    unit: "ms",
    date: when,
    machine,
    bars: rows
      .filter(({ outcome }) => outcome.times.length > 0)
      .map(({ name, from, outcome }) => barOf(`${name}, from ${from}`, outcome.times)),
  };
}

/** MB of MiB. */
const mega = (mebi: number): string => String(Math.round(mebi * 1.048_576));

const isHarmless = ({ alive, failures, memory }: Outcome): boolean =>
  alive && failures.length === 0 && memory.peak < maxMiB;

function countText([what, count]: readonly [string, number]): string {
  return what === "bytes" ? `${mega(count / 2 ** 20)} MB` : `${count.toLocaleString("en-US")} ${what}`;
}

function rowLine({ name, from, outcome }: HostileRow): string {
  const { alive, clients, failures, times, memory, done } = outcome;
  const at = (part: number): string => {
    const time = times[Math.floor((times.length - 1) * part)];
    return time === undefined ? "" : Math.round(time).toLocaleString("en-US");
  };
  const state = alive ? `${clients - failures.length} of ${clients}` : "**died**";
  const { before, peak, after } = memory;
  const verdict = isHarmless(outcome) ? "" : "**missed**";
  return `| ${name} | ${from} | ${state} | ${at(0.5)} / ${at(0.95)} / ${at(1)} | ${mega(before)} / **${mega(peak)}** / ${mega(after)} | ${Object.entries(done).map(countText).join(", ")} | ${verdict} |`;
}

function podLine({ name, connections, from, outcome }: PodRow): string {
  const { alive, clients, failures, times, memory } = outcome;
  const at = (part: number): string => {
    const time = times[Math.floor((times.length - 1) * part)];
    return time === undefined ? "" : Math.round(time).toLocaleString("en-US");
  };
  const state = alive ? `${clients - failures.length} of ${clients}` : "**died**";
  return `| ${connections.toLocaleString("en-US")} connections: ${name} | ${from} | ${state} | ${at(0.5)} / ${at(0.95)} / ${at(1)} | ${mega(memory.before)} / **${mega(memory.peak)}** |`;
}

/** docs/reference/benchmarks/hostile.md. */
export function renderHostilePage(results: HostileResults): string {
  const { when, machine, seconds, timeoutSeconds, rest, rows, ofPods } = results;
  const missed = rows.filter(({ outcome }) => !isHarmless(outcome));
  return [
    "<!-- Written by `npm run bench -- hostile` (test/bench/). Do not edit. -->",
    "# Under attack",
    "",
    `Each attack comes from sixteen addresses, or from the one of all good clients, for ${seconds + 1} s, on a \`podtrust serve\` of its own with a JWK Set of 10 KB. Meanwhile a hundred good clients, spread`,
    `over the time, each fetch it once, over a new connection of their own, half of them over HTTP/2. None asks twice: whoever has`,
    `no answer within ${timeoutSeconds} s, or another one, has failed. Attackers, good clients and publisher share the machine. Whatever the attackers take of it is`,
    `missing to the others: times say less than failures do. Resident memory is read before, at its highest (the kernel's own mark), and ${rest} s after.`,
    "",
    `The aim: no good client fails, and resident memory stays under 300 MB. ${missed.length === 0 ? "Reached under every attack." : `Missed under ${missed.length}.`}`,
    "",
    `Measured ${when} on ${machine}; Node ${process.version}.`,
    "",
    plotLine("hostile", "Median and spread of the time that a good client waits, for each attack"),
    "",
    "| attack | from | good clients answered | ms: median / 95th percentile / slowest | MB: before / highest / after | what the attackers came to | |",
    "| --- | --- | ---: | ---: | ---: | --- | --- |",
    ...rows.map(rowLine),
    "",
    "## Pods of the cluster",
    "",
    "The same of the webhook, with reviews of 20 KB as an API server sends them, and of the port for probes. Each attack comes once from sixteen addresses of",
    "its own and once from the API server's and kubelet's own address, as behind kube-proxy, NAT or konnectivity. The Deployment's limit is 320 MiB. On a machine",
    "that others load, times are those of the machine: what counts is who was answered.",
    "",
    "| attack | from | answered | ms: median / 95th percentile / slowest | MB: before / highest |",
    "| --- | --- | ---: | ---: | ---: |",
    ...ofPods.map(podLine),
    "",
    "What bounds them is listed in [SECURITY.md](../../../SECURITY.md#limits-on-clients), and the reasons are in [ADR 9](../../adr/0009-clients.md).",
    "",
    "`npm run bench -- hostile` makes this page. It needs Linux and `taskset`. `npm run test:tools` tries the same for three seconds each.",
    "",
  ].join("\n");
}
