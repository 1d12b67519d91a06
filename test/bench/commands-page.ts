import { barOf, type Figures, plotLine } from "./plot.ts";

/** A command's times. */
export interface CommandRow {
  readonly command: string;
  readonly what: string;
  /** Milliseconds from the process's start to its end, ascending. */
  readonly times: readonly number[];
  readonly aimMs: number;
}

export interface CommandResults {
  readonly when: string;
  readonly machine: string;
  readonly rows: readonly CommandRow[];
  /** Whether the single executable was there to be measured. */
  readonly hasExecutable: boolean;
}

function timeText(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function rowLine({ command, what, times, aimMs }: CommandRow): string {
  const at = (part: number): number => times[Math.floor((times.length - 1) * part)] ?? Number.NaN;
  const verdict = at(0.5) < aimMs ? "reached" : "**missed**";
  const aim = `under ${timeText(aimMs).replace(".0 s", " s")}: ${verdict}`;
  return `| \`${command}\`: ${what} | **${timeText(at(0.5))}** | ${timeText(at(0))} | ${timeText(at(1))} | ${times.length} | ${aim} |`;
}

/** What the page's plot is drawn from. */
export function commandFigures({ when, machine, rows }: CommandResults): Figures {
  return {
    title: "How long the commands take",
    axis: "Time from start to end",
    unit: "ms",
    date: when,
    machine,
    bars: rows.map(({ command, what, times }) =>
      barOf(`${command.replace("podtrust ", "")}: ${what}`, times),
    ),
  };
}

/** docs/reference/benchmarks/commands.md. */
export function renderCommandsPage({ when, machine, rows, hasExecutable }: CommandResults): string {
  return [
    "<!-- Written by `npm run bench -- commands` (test/bench/). Do not edit. -->",
    "# How long the commands take",
    "",
    "Whole processes of the built package, from start to end, as somebody who waits at a terminal sees them. `up` and `status` work on a cluster that",
    "is there already: the stand-in cluster of the sandbox, whose keys `podtrust serve` publishes. Their account is the sandbox's, with AWS's usual",
    "delay: STS sees a new role after 8 s. Servers, sandbox and command share the machine. Each `up` begins with an empty account.",
    "",
    `Measured ${when} on ${machine}; Node ${process.version}.`,
    "",
    plotLine("commands", "Median and spread of each command's time"),
    "",
    "| command | median | least | most | runs | aim for the median |",
    "| --- | ---: | ---: | ---: | ---: | --- |",
    ...rows.map(rowLine),
    "",
    ...(hasExecutable
      ? []
      : ["The single executable was not there to be measured: `npm run release -- linux-x64` makes it.", ""]),
    "How long a new signing key takes to be published is [measured with the publisher](publisher.md).",
    "",
    "`npm run bench -- commands` makes this page. It needs Linux and `taskset`.",
    "",
  ].join("\n");
}
