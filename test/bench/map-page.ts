import process from "node:process";

/** Times in milliseconds, medians where several were taken. */
export interface MapResults {
  readonly when: string;
  readonly machine: string;
  readonly browser: string;
  readonly bindings: number;
  readonly rounds: number;
  /** From the facts to the map, and from the map to the page. */
  readonly judge: number;
  readonly render: number;
  readonly pageKiB: number;
  /** First contentful paint of each load of the file. */
  readonly paint: readonly number[];
  /** The longest frame of each round of filtering, and that of a page in which nothing happens. */
  readonly frames: readonly number[];
  readonly still: readonly number[];
  /** Processor time of the longest task of the page's main thread in each round: what a quiet machine needs for a frame. */
  readonly tasks: readonly number[];
}

const aims = { paint: 1000, frame: 50 };

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

function spreadLine(what: string, values: readonly number[], aim?: number): string {
  const worst = Math.max(...values);
  const verdict =
    aim === undefined
      ? ""
      : `under ${aim} ms: ${worst < aim ? "reached" : median(values) < aim ? "reached by the median" : "**missed**"}`;
  return `| ${what} | ${median(values).toFixed(0)} ms | ${worst.toFixed(0)} ms | ${verdict} |`;
}

/** docs/reference/benchmarks/map.md. */
export function renderMapPage(results: MapResults): string {
  const { when, machine, browser, bindings, rounds, judge, render, pageKiB, paint, frames, tasks, still } =
    results;
  return [
    "<!-- Written by `npm run bench -- map` (test/bench/). Do not edit. -->",
    "# The trust map in a browser",
    "",
    `What the page of \`podtrust map\` takes with ${bindings} bindings: as many roles and ServiceAccounts, in fifty namespaces and ten accounts.`,
    "A real Chromium without a graphics processor opens the file and filters it.",
    "",
    `Measured ${when} on ${machine}; Node ${process.version}, ${browser}; ${rounds} rounds.`,
    "",
    "| what | median | worst | aim |",
    "| --- | ---: | ---: | --- |",
    spreadLine("first contentful paint", paint, aims.paint),
    spreadLine("longest frame while filtering", frames, aims.frame),
    spreadLine("longest frame of a page left alone", still),
    spreadLine("processor time of the longest task while filtering", tasks, aims.frame),
    "",
    `Before that podtrust judges every way by the rules of STS in ${(judge / 1000).toFixed(1)} s of processor time, and writes ${pageKiB.toFixed(0)} KiB of HTML in ${(render / 1000).toFixed(1)} s.`,
    "A round of filtering chooses a namespace, types a role's name letter by letter, chooses an account, and shows all again.",
    "Where the load average is above the number of processors, other work has most of each frame: then the processor time is what counts.",
    "",
    "`npm run bench -- map` makes this page. It needs Debian's chromium.",
    "",
  ].join("\n");
}
