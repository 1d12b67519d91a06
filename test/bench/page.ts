import type { Load, Outcome } from "./h2load.ts";
import { barOf, type Figures, plotLine } from "./plot.ts";

/** One load on both servers. */
export interface Row {
  readonly load: Load;
  /** What is to be reached, as podtrust / nginx in requests a second; absent where there is no aim. */
  readonly aim?: number;
  readonly command: string;
  readonly podtrust: Outcome;
  readonly nginx: Outcome;
  /** Requests a second of each round. */
  readonly perSecond: { readonly podtrust: readonly number[]; readonly nginx: readonly number[] };
}

export interface Results {
  readonly when: string;
  readonly machine: string;
  readonly versions: readonly string[];
  readonly rounds: number;
  readonly rows: readonly Row[];
  readonly p99: readonly { readonly name: string; readonly podtrust: number; readonly nginx: number }[];
  readonly idleMiB: { readonly podtrust: number; readonly nginx: number };
  readonly peakMiB: number;
  /** The same with Node's young generation kept small. */
  readonly small: { readonly flag: string; readonly idleMiB: number; readonly peakMiB: number };
  readonly visibleMs: number;
}

/** podtrust / nginx. */
export const ratioOf = (row: Row): number => row.podtrust.perSecond / row.nginx.perSecond;

/** What the page's plot is drawn from. */
export function publisherFigures({ when, machine, rows }: Results): Figures {
  return {
    title: "The publisher beside nginx",
    axis: "Requests a second, on one core",
    unit: "a second",
    date: when,
    machine,
    bars: rows.flatMap(({ load, perSecond }) => [
      barOf(`podtrust: ${load.name}`, perSecond.podtrust),
      barOf(`nginx: ${load.name}`, perSecond.nginx),
    ]),
  };
}

const whole = (value: number): string => Math.round(value).toLocaleString("en-US");
const verdict = (reached: boolean): string => (reached ? "reached" : "**missed**");

function rowLine(row: Row): string {
  const cpu = row.nginx.cpuMicros / row.podtrust.cpuMicros;
  const aim = row.aim === undefined ? "" : `${row.aim} ×: ${verdict(ratioOf(row) >= row.aim)}`;
  return `| ${row.load.name} | ${whole(row.podtrust.perSecond)} | ${whole(row.nginx.perSecond)} | **${ratioOf(row).toFixed(2)}** | ${aim} | ${row.podtrust.cpuMicros.toFixed(1)} / ${row.nginx.cpuMicros.toFixed(1)} µs = ${cpu.toFixed(2)} |`;
}

const reasons: Readonly<Record<string, string>> = {
  "HTTP/1.1": "Parsing, the request object and its events are Node's and cost as much as TLS does.",
  "HTTP/2":
    "Node makes a stream object of two halves for each request and a text of headers for each answer. Several turns of its event queue lie between them. A profile of this load shows about a twentieth of the time in our own code and a seventh in collecting what Node allocates. The rest is Node: the aim is out of reach for what stands on its HTTP/2.",
  "new connections, each with a request":
    "A handshake is OpenSSL's work in both servers; what differs is a socket object, its protocol callback and its certificate callback in JavaScript.",
};

const idleReason =
  "Node itself takes 44 MiB before it loads anything, and its TLS and HTTP/2 take 11. Imported one after the other, zod adds 13 MiB, our schema of the config 14 and the reader of YAML 8. Our own code takes the remainder. It is looked at five seconds after the start, by when what that left behind has been given back.";
const peakReason = (flag: string): string =>
  `V8 lets its young generation grow to 64 MiB before it collects it. \`NODE_OPTIONS=${flag}\` keeps it smaller, as the table shows; Node takes that flag at its start only.`;

/** MB of MiB. */
const mega = (mebi: number): number => mebi * 1.048_576;

function missed(results: Results): readonly string[] {
  const { idleMiB, peakMiB, small } = results;
  const rows = results.rows.filter((row) => row.aim !== undefined && ratioOf(row) < row.aim);
  const lines = [
    ...rows.map(
      (row) =>
        `- **${row.load.name}**: ${ratioOf(row).toFixed(2)} × for ${row.aim} ×. ${reasons[row.load.name] ?? ""}`,
    ),
    ...(mega(idleMiB.podtrust) < 80
      ? []
      : [`- **Memory, idle**: ${whole(mega(idleMiB.podtrust))} MB for 80 MB. ${idleReason}`]),
    ...(mega(peakMiB) < 200
      ? []
      : [`- **Memory under load**: ${whole(mega(peakMiB))} MB for 200 MB. ${peakReason(small.flag)}`]),
  ];
  if (lines.length === 0) return [];
  return [
    "## Where an aim is missed, and why",
    "",
    ...lines,
    "",
    "An issuer is asked a few times an hour by each relying party that keeps what it fetched. Every row above is thousands of times that.",
    "",
  ];
}

/** docs/reference/benchmarks/publisher.md. */
export function renderPage(results: Results): string {
  const { idleMiB, peakMiB, small, visibleMs } = results;
  return [
    "<!-- Written by `npm run bench` (test/bench/). Do not edit. -->",
    "# Benchmarks",
    "",
    "`podtrust serve` against nginx on the same JWK Set and certificate with the same headers, over TLS 1.3. Both are on the same machine, in the",
    "same run, with the same client (h2load). Both servers have core 0 (one at a time), the client has core 1. The rounds of both alternate; the best of",
    `${results.rounds} counts for each, since whatever else the machine does only ever takes away. CPU is the server's own per request, which depends`,
    "less on that. Where the client is the slower side (nginx often, new connections always) the last column says how the servers compare.",
    "",
    `Measured ${results.when} on ${results.machine}; ${results.versions.join(", ")}.`,
    "",
    plotLine("publisher", "Requests a second of both servers for each load, median and spread of the rounds"),
    "",
    "| load | podtrust, requests/s | nginx, requests/s | ratio | aim | server CPU per request, podtrust / nginx; ratio of their speeds |",
    "| --- | ---: | ---: | ---: | --- | --- |",
    ...results.rows.map(rowLine),
    "",
    "| 99th percentile | podtrust | nginx |",
    "| --- | ---: | ---: |",
    ...results.p99.map(
      (row) => `| ${row.name} | ${row.podtrust.toFixed(2)} ms | ${row.nginx.toFixed(2)} ms |`,
    ),
    "",
    "| | podtrust | aim |",
    "| --- | ---: | --- |",
    `| resident memory, idle | ${whole(idleMiB.podtrust)} MiB (nginx worker: ${whole(idleMiB.nginx)}) | under 80 MB: ${verdict(mega(idleMiB.podtrust) < 80)} |`,
    `| resident memory, highest under these loads | ${whole(peakMiB)} MiB | under 200 MB: ${verdict(mega(peakMiB) < 200)} |`,
    `| idle and highest with \`NODE_OPTIONS=${small.flag}\` | ${whole(small.idleMiB)} and ${whole(small.peakMiB)} MiB | ${verdict(mega(small.idleMiB) < 80)} and ${verdict(mega(small.peakMiB) < 200)} |`,
    `| from the poll that saw a new key to its being visible, worst of five | ${whole(visibleMs)} ms | 1 s: ${verdict(visibleMs < 1000)} |`,
    "",
    ...missed(results),
    "## The commands",
    "",
    "`npm run bench` makes this page. It needs Linux with two cores, `taskset`, `nginx` and `h2load` (Debian: `nginx-light`, `nghttp2-client`).",
    "What it runs, with PORT of either server:",
    "",
    "```",
    ...results.rows.map(
      (row) => `${row.command}${row.load.repeat === undefined ? "" : `   # ${row.load.repeat} times`}`,
    ),
    "```",
    "",
  ].join("\n");
}
