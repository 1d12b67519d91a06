import process from "node:process";
import { type Bar, type Figures, plotLine } from "./plot.ts";

/** What a load came to; times in milliseconds. */
export interface ExchangeOutcome {
  readonly perSecond: number;
  readonly least: number;
  readonly p50: number;
  readonly p99: number;
  readonly slowest: number;
  /** Answers after more than 500 ms. */
  readonly slow: number;
  readonly failed: number;
  /** Microseconds of the server's CPU for each exchange. */
  readonly cpuMicros: number;
  readonly residentMiB: number;
}

export interface ExchangeRow {
  readonly connections: number;
  readonly mode: "kept" | "new";
  readonly outcome: ExchangeOutcome;
}

export interface SandboxServer {
  /** Median, from the start of the process to its first answer. */
  readonly firstMs: number;
  readonly restMiB: number;
  readonly rows: readonly ExchangeRow[];
  /** Resident memory after each fifth of the long run. */
  readonly grown: readonly number[];
}

export interface SandboxResults {
  readonly when: string;
  readonly machine: string;
  readonly exchanges: number;
  readonly podtrust: SandboxServer;
  readonly moto: SandboxServer;
  readonly motoVersion: string;
}

/** What the page's plot is drawn from. */
export function sandboxFigures({ when, machine, podtrust, moto }: SandboxResults): Figures {
  const barsOf = (server: string, { rows }: SandboxServer): readonly Bar[] =>
    rows.map(({ connections, mode, outcome: { least, p50, slowest } }) => {
      const how = mode === "kept" ? "connections kept" : "a new connection each";
      return { name: `${server}: ${connections} at once, ${how}`, least, median: p50, most: slowest };
    });
  return {
    title: "The sandbox under load",
    axis: "Time of an exchange",
    unit: "ms",
    date: when,
    machine,
    bars: [...barsOf("podtrust", podtrust), ...barsOf("moto", moto)],
  };
}

const whole = (value: number): string => Math.round(value).toLocaleString("en-US");
const mega = (mebi: number): string => whole(mebi * 1.048_576);

function rowLine(name: string, { connections, mode, outcome }: ExchangeRow): string {
  const { perSecond, cpuMicros, p50, p99, slowest, slow, failed } = outcome;
  const how = mode === "kept" ? "kept" : "a new one each";
  const times = `${whole(p50)} / ${whole(p99)} / ${whole(slowest)}`;
  return `| ${connections}, ${how} | ${name} | ${whole(perSecond)} | ${whole(cpuMicros)} | ${times} | ${slow} | ${failed} |`;
}

/** The aims, each with whether it was reached. */
function aims({ podtrust, moto }: SandboxResults): readonly (readonly [string, boolean])[] {
  const pairs = podtrust.rows.map((row, index) => [row.outcome, moto.rows[index]?.outcome] as const);
  const every = (holds: (ours: ExchangeOutcome, theirs: ExchangeOutcome) => boolean): boolean =>
    pairs.every(([ours, theirs]) => theirs !== undefined && holds(ours, theirs));
  const grown = (podtrust.grown.at(-1) ?? 0) - (podtrust.grown[1] ?? podtrust.grown[0] ?? 0);
  return [
    [
      "at least 2.5 times moto's exchanges a second",
      every((ours, theirs) => ours.perSecond >= 2.5 * theirs.perSecond),
    ],
    ["the 99th percentile no later than moto's", every((ours, theirs) => ours.p99 <= theirs.p99)],
    ["no answer after more than 500 ms", pairs.every(([ours]) => ours.slow === 0)],
    ["the first answer no later than moto's", podtrust.firstMs <= moto.firstMs],
    ["no growth in the last three fifths of the long run (under 10 MB)", grown * 1.048_576 < 10],
  ];
}

/** docs/reference/benchmarks/sandbox.md. */
export function renderSandboxPage(results: SandboxResults): string {
  const { when, machine, exchanges, podtrust, moto, motoVersion } = results;
  return [
    "<!-- Written by `npm run bench -- sandbox` (test/bench/). Do not edit. -->",
    "# The sandbox under load",
    "",
    "`podtrust sandbox` beside moto_server of PyPI, one after the other on the same machine in the same run. Each has a core of",
    `its own, and the client another. There are ${whole(exchanges)} times AssumeRoleWithWebIdentity with each number of connections. The sandbox`,
    "verifies each token (signature, issuer's documents, audience, trust policy); moto gives credentials for any.",
    "",
    `Measured ${when} on ${machine}; Node ${process.version}, moto ${motoVersion}.`,
    "",
    plotLine("sandbox", "Median and spread of an exchange's time, for each server and number of connections"),
    "",
    "| connections | server | exchanges a second | its CPU, µs each | ms: median / 99th percentile / slowest | over 500 ms | failed |",
    "| --- | --- | ---: | ---: | --- | ---: | ---: |",
    ...podtrust.rows.flatMap((row, index) => {
      const other = moto.rows[index];
      return [rowLine("podtrust", row), ...(other === undefined ? [] : [rowLine("moto", other)])];
    }),
    "",
    "| | podtrust | moto |",
    "| --- | ---: | ---: |",
    `| from start to first answer, ms, median | ${whole(podtrust.firstMs)} | ${whole(moto.firstMs)} |`,
    `| resident before any exchange, MB | ${mega(podtrust.restMiB)} | ${mega(moto.restMiB)} |`,
    `| resident after the exchanges above, MB | ${mega(podtrust.rows.at(-1)?.outcome.residentMiB ?? 0)} | ${mega(moto.rows.at(-1)?.outcome.residentMiB ?? 0)} |`,
    `| after each fifth of a further long run, MB | ${podtrust.grown.map(mega).join(", ")} | |`,
    "",
    "The aims:",
    ...aims(results).map(([aim, isReached]) => `- ${aim}: ${isReached ? "reached" : "**missed**"}`),
    "",
    "`npm run bench -- sandbox` makes this page. It needs Linux, `taskset` and Python. On a machine that does other work at the same",
    "time the times say more of that work than of either server. The CPU for each exchange says most.",
    "",
  ].join("\n");
}
