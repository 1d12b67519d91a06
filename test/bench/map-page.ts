import process from "node:process";
import { type Bar, barOf, type Figures, plotLine } from "./plot.ts";

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

/** What is measured in each round, with what it is to stay under. */
function measuresOf({ paint, frames, tasks, still }: MapResults): readonly { bar: Bar; aim?: number }[] {
  const { paint: paintAim, frame } = aims;
  const walls = tasks.map(({ wall }) => wall);
  const processor = tasks.map((task) => task.processor);
  const between = frames.map(({ longest }) => longest);
  return [
    { bar: barOf("first contentful paint", paint), aim: paintAim },
    { bar: barOf("longest task while filtering, by the wall", walls), aim: frame },
    { bar: barOf("longest task while filtering, processor time", processor), aim: frame },
    { bar: barOf("longest time between two frames while filtering", between) },
    { bar: barOf("longest time between two frames of a page left alone", still) },
  ];
}

function spreadLine({ name, median, most }: Bar, aim?: number): string {
  const verdict =
    aim === undefined
      ? ""
      : `under ${aim} ms: ${most < aim ? "reached" : median < aim ? "reached by the median" : "**missed**"}`;
  return `| ${name} | ${median.toFixed(0)} ms | ${most.toFixed(0)} ms | ${verdict} |`;
}

/** What the page's plot is drawn from. */
export function mapFigures(results: MapResults): Figures {
  const { when, machine, bindings } = results;
  return {
    title: "The trust map in a browser",
    axis: `Time, with ${bindings} bindings`,
    unit: "ms",
    date: when,
    machine,
    bars: measuresOf(results).map(({ bar }) => bar),
  };
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
  const { when, machine, browser, bindings, rounds, judge, render, pageKiB, frames } = results;
  return [
    "<!-- Written by `npm run bench -- map` (test/bench/). Do not edit. -->",
    "# The trust map in a browser",
    "",
    `What the page of \`podtrust map\` takes with ${bindings} bindings: as many roles and ServiceAccounts, in fifty namespaces and ten accounts.`,
    "A real Chromium without a graphics processor opens the file and filters it.",
    "",
    `Measured ${when} on ${machine}; Node ${process.version}, ${browser}; ${rounds} rounds.`,
    "",
    plotLine("map", "Median and spread of the page's first paint, its tasks and its frames"),
    "",
    "| what | median | worst | aim |",
    "| --- | ---: | ---: | --- |",
    ...measuresOf(results).map(({ bar, aim }) => spreadLine(bar, aim)),
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
