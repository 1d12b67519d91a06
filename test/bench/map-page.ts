import process from "node:process";

/** What a page's frames took, in milliseconds by the wall. */
export interface Frames {
  /** The longest time between two of them. */
  readonly longest: number;
  /** Those over 50 ms, as the browser itself counts them: https://w3c.github.io/long-animation-frames/ */
  readonly long: readonly number[];
}

/** The longest task of a page's main thread, by the wall and by its processor time: milliseconds. */
export interface LongestTask {
  readonly wall: number;
  readonly processor: number;
}

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
  /** Of each round of filtering. */
  readonly frames: readonly Frames[];
  readonly tasks: readonly LongestTask[];
  /** The longest frame of a page in which nothing happens. */
  readonly still: readonly number[];
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

/** What the browser itself says of frames that were too long. */
function longFrames(frames: readonly Frames[]): string {
  const long = frames.flatMap((round) => round.long);
  const said = `Frames over ${aims.frame} ms while filtering, as the browser counts them (\`long-animation-frame\`)`;
  if (long.length === 0) return `${said}: none in any round.`;
  return `${said}: ${long.length} in ${frames.length} rounds, the longest ${Math.max(...long).toFixed(0)} ms.`;
}

/** docs/reference/benchmarks/map.md. */
export function renderMapPage(results: MapResults): string {
  const { when, machine, browser, bindings, rounds, judge, render, pageKiB, paint, frames, tasks, still } =
    results;
  const walls = tasks.map(({ wall }) => wall);
  const processor = tasks.map((task) => task.processor);
  const between = frames.map(({ longest }) => longest);
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
    spreadLine("longest task while filtering, by the wall", walls, aims.frame),
    spreadLine("longest task while filtering, processor time", processor, aims.frame),
    spreadLine("longest time between two frames while filtering", between),
    spreadLine("longest time between two frames of a page left alone", still),
    "",
    longFrames(frames),
    `Before that podtrust judges every way by the rules of STS in ${(judge / 1000).toFixed(1)} s of processor time. It writes ${pageKiB.toFixed(0)} KiB of HTML in ${(render / 1000).toFixed(1)} s.`,
    "A round of filtering chooses a namespace, types a role's name letter by letter, chooses an account, and shows all again.",
    "Tasks are those of the page's main thread, as the browser's own tracing has them. By the wall counts on a quiet machine. Where the load average is above the number of processors, other work has most of each: there the processor time counts.",
    "",
    "`npm run bench -- map` makes this page. It needs Debian's chromium.",
    "",
  ].join("\n");
}
