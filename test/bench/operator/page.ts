import process from "node:process";
import { barOf, type Figures, plotLine } from "../plot.ts";
import { type BoundAtOnce, percentile } from "./bindings.ts";
import type { FleetSize } from "./fleet.ts";
import type { OperatorProcess, Resident } from "./operator-process.ts";
import type { QuietHour } from "./quiet.ts";

export interface OperatorResults {
  readonly when: string;
  readonly machine: string;
  /** Of the processor. */
  readonly cores: number;
  readonly size: FleetSize;
  /** Of each start on the same cluster. */
  readonly starts: readonly OperatorProcess["ready"][];
  /** Before there was a binding. */
  readonly synced: Resident;
  readonly bound: BoundAtOnce;
  readonly quiet: QuietHour;
  /** With all bindings. */
  readonly bindings: Resident;
}

const aims = { residentMB: 130, syncMs: 2000, readyMs: 15_000, iamCalls: 2 } as const;

const whole = (value: number): string => Math.round(value).toLocaleString("en-US");
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const verdict = (reached: boolean): string => (reached ? "reached" : "**missed**");

const syncOf = (starts: OperatorResults["starts"]) =>
  barOf(
    "first sync: from the first answer to all seen",
    starts.map(({ fromListening }) => fromListening),
  );

function rows({ size, starts, synced, bound, quiet, bindings }: OperatorResults): readonly string[] {
  const { residentMB, syncMs, readyMs, iamCalls } = aims;
  const sync = syncOf(starts);
  const fromStart = percentile(
    starts.map((start) => start.fromStart),
    0.5,
  );
  return [
    `| ${sync.name}, ${starts.length} starts | p50 ${seconds(sync.median)}, ${seconds(sync.least)} to ${seconds(sync.most)} (p50 ${seconds(fromStart)} from the process's start) | p50 under ${seconds(syncMs)}: ${verdict(sync.median < syncMs)} |`,
    `| resident memory, a minute after that | ${whole(synced.now)} MB (highest ${whole(synced.most)}) | under ${residentMB} MB: ${verdict(synced.now < residentMB)} |`,
    `| the same with ${whole(size.bindings)} bindings, in a quiet minute | ${whole(bindings.now)} MB (highest ${whole(bindings.most)}) | under ${residentMB} MB: ${verdict(bindings.now < residentMB)} |`,
    `| from a binding's making to its \`Ready\`, ${whole(size.bindings)} made within ${seconds(bound.making)} | p50 ${seconds(bound.p50)}, p99 ${seconds(bound.p99)}, last ${seconds(bound.most)} | p99 under ${seconds(readyMs)}: ${verdict(bound.p99 < readyMs)} |`,
    `| IAM calls of a binding in a quiet hour, from ${quiet.minutes} minutes | ${quiet.iamCalls.toFixed(2)} | under ${iamCalls}: ${verdict(quiet.iamCalls < iamCalls)} |`,
  ];
}

const milliseconds = (value: number): string => `${value.toFixed(1)} ms`;

/** Of what a thousand bindings at once take of the processor: where an aim is missed, this is why, on any machine. */
function processorTime({ size, bound, cores }: OperatorResults): readonly string[] {
  const { operator, apiServer, etcd, sandbox, client } = bound.cpu;
  const all = operator + apiServer + etcd + sandbox + client;
  const each = (used: number): string => milliseconds((used * 1000) / size.bindings);
  const least = all / cores;
  return [
    "## What a binding takes of the processor",
    "",
    `User and system time of each process, from the first of ${whole(size.bindings)} bindings' making to the last \`Ready\`, for each binding:`,
    "",
    "| operator | API server | etcd | sandbox | this benchmark's client | all |",
    "| ---: | ---: | ---: | ---: | ---: | ---: |",
    `| ${[operator, apiServer, etcd, sandbox, client, all].map(each).join(" | ")} |`,
    "",
    `All of it is ${all.toFixed(1)} s: ${cores} cores with nothing else to do need ${least.toFixed(1)} s for it at least, wherever they are. Operator and sandbox`,
    `are one thread each, of which the operator's is busy for ${operator.toFixed(1)} s. A binding is five calls of the API server: its making, two`,
    "writings of its status, the ServiceAccount's annotation and a token. An Event comes later. It is three calls of AWS, too.",
    "",
  ];
}

/** What the sentences about missed aims are made of is measured in the same run. */
function missed(results: OperatorResults): readonly string[] {
  const { synced, bindings, bound, starts, size, cores } = results;
  const { operator, apiServer, etcd, sandbox, client } = bound.cpu;
  const last = starts.at(-1);
  const all = operator + apiServer + etcd + sandbox + client;
  const share = (used: number): string => `${Math.round((used * 100) / all)} %`;
  const lines = [
    ...(Math.max(synced.now, bindings.now) < aims.residentMB
      ? []
      : [
          `- **Memory**: ${whole(bindings.file)} MB of it are files: Node's own program and libraries. The rest is the process's own: ${whole(bindings.own)} MB, of which ${whole(synced.own)} MB were there before the bindings.`,
        ]),
    ...(last === undefined || syncOf(starts).median < aims.syncMs
      ? []
      : [
          `- **First sync**: from its start until all was seen the operator used ${last.cpu.toFixed(1)} s of the processor, of ${seconds(last.fromStart)} that passed. In the rest it waited for the API server, or for a core.`,
        ]),
    ...(bound.p99 < aims.readyMs
      ? []
      : [
          `- **${whole(size.bindings)} bindings at once**: ${all.toFixed(1)} s of the processor are ${(all / cores).toFixed(1)} s of ${cores} cores even where nobody else wants them. STS knows the last role eight seconds after it was made. ${share(apiServer + etcd)} of it are API server and etcd, ${share(operator)} the operator.`,
        ]),
  ];
  return lines.length === 0 ? [] : ["## Where an aim is missed, and why", "", ...lines, ""];
}

const callsText = (calls: Readonly<Record<string, number>>): string =>
  Object.entries(calls)
    .toSorted(([, a], [, b]) => b - a)
    .map(([action, count]) => `${action} ${whole(count)}`)
    .join(", ");

/** What the page's plot is drawn from. */
export function operatorFigures({ when, machine, starts, bound, size }: OperatorResults): Figures {
  return {
    title: "The operator, at scale",
    axis: "Time",
    unit: "ms",
    date: when,
    machine,
    bars: [
      syncOf(starts),
      {
        name: `from making to Ready: ${whole(size.bindings)} bindings at once`,
        least: bound.least,
        median: bound.p50,
        most: bound.most,
      },
    ],
  };
}

/** docs/reference/benchmarks/operator.md. */
export function renderOperatorPage(results: OperatorResults): string {
  const { when, machine, size, bound, quiet } = results;
  return [
    "<!-- Written by `npm run bench -- operator` (test/bench/). Do not edit. -->",
    "# The operator, at scale",
    "",
    "`podtrust operator run --bindings`, the built package as a process of its own, with the rights of its ServiceAccount on a real API server (1.36).",
    `There are ${whole(size.accounts)} ServiceAccounts in ${whole(size.namespaces)} namespaces, ${whole(size.annotated)} of them with a role, and ${whole(size.pods)} pods of three containers, a part of them injected.`,
    "The pods are objects on a node that nobody is, made directly, without kwok. AWS is the sandbox, where STS knows a role eight seconds after it was made.",
    "API server, etcd, operator, sandbox and client share the machine.",
    "",
    `Measured ${when} on ${machine}; Node ${process.version}. MB are 10⁶ bytes.`,
    "A load average of more than two means that others had most of the machine's two cores: then it is in all times below.",
    "",
    plotLine(
      "operator",
      "Median and spread of the first sync, and of a binding's time from its making to Ready",
    ),
    "",
    "| | measured | aim |",
    "| --- | --- | --- |",
    ...rows(results),
    "",
    `Calls of AWS for these bindings: ${callsText(bound.calls)}. In a quiet hour, for all of them: ${callsText(quiet.calls)}, and a proof by STS of each.`,
    "",
    ...missed(results),
    ...processorTime(results),
    "What injection adds to a pod's admission is [measured by itself](admission.md).",
    "",
    "`npm run bench -- operator` makes this page; it needs what `npm run test:cluster` needs.",
    "",
  ].join("\n");
}
