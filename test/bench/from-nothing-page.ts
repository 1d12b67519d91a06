import process from "node:process";
import { barOf, type Figures, plotLine } from "./plot.ts";

/** What one command took, each time that it was run. */
export interface FromNothingRow {
  readonly what: string;
  /** Seconds from the process's start to its end, a run each. */
  readonly wall: readonly number[];
  /** Seconds of the processor, a run each. */
  readonly processor: readonly number[];
  /** The same in each run. */
  readonly calls: { readonly hetzner: number; readonly cloudflare: number };
  /** For our own seconds. */
  readonly aimSeconds: number | undefined;
}

/** What one command took on a machine that boots. */
export interface BootRow {
  readonly what: string;
  /** Seconds from its start to its end. */
  readonly wall: number;
  /** Seconds of the processor, of podtrust and the programs that it starts. */
  readonly processor: number;
  /** Seconds until what is waited for is there, each from the end of the one before. */
  readonly waits: readonly (readonly [what: string, seconds: number])[];
}

/** When and on what something was measured. */
interface Measured {
  readonly when: string;
  readonly machine: string;
}

interface FromNothingResults extends Measured {
  readonly rows: readonly FromNothingRow[];
  /** The section on a machine that boots: of this run, or as the page had it. */
  readonly boot: string;
}

const bootTitle = "## On a machine that boots";
const footer =
  "`npm run bench -- from-nothing` makes this page; with `--boot` it boots a machine too, as `npm run test:machine` does. It needs bash.";

/** The section on a machine that boots, as it stands on a page; empty where it has none. */
export function bootSectionOf(page: string): string {
  const at = page.indexOf(bootTitle);
  return at < 0 ? "" : page.slice(at, page.lastIndexOf(footer)).trimEnd();
}

/** The section on a machine that boots, of a run. */
export function renderBootSection({ when, machine }: Measured, rows: readonly BootRow[]): string {
  const lines = rows.flatMap(({ what, wall, processor, waits }) => [
    `| ${what} | **${wall.toFixed(0)} s** | **${processor.toFixed(1)} s** |`,
    ...waits.map(([waited, seconds]) => `| … until ${waited} | ${seconds.toFixed(0)} s | |`),
  ]);
  return [
    bootTitle,
    "",
    "The same up to AWS's trust, on a virtual machine whose processor is emulated. Boot, k3s and publisher take many times as long in there as on a",
    "rented machine. The k3s is a stand-in, whose API server is the real one. So our own seconds are what counts. They are those of the",
    "processor, with the ssh that carries it all; podtrust runs from its source here.",
    "",
    `Measured ${when} on ${machine}.`,
    "",
    "| command | from start to end | our own |",
    "| --- | ---: | ---: |",
    ...lines,
  ].join("\n");
}

/** What the page's plot is drawn from. */
export function fromNothingFigures({
  when,
  machine,
  rows,
}: Measured & Pick<FromNothingResults, "rows">): Figures {
  return {
    title: "From nothing: our own time",
    axis: "Time from start to end",
    unit: "ms",
    date: when,
    machine,
    bars: rows.map(({ what, wall }) =>
      barOf(
        what,
        wall.map((seconds) => seconds * 1000),
      ),
    ),
  };
}

function rowLine({ what, wall, processor, calls, aimSeconds }: FromNothingRow): string {
  const { least, median, most } = barOf(what, wall);
  const verdict =
    aimSeconds === undefined
      ? ""
      : `under ${aimSeconds} s: ${median < aimSeconds ? "reached" : "**missed**"}`;
  const seconds = [least, most, barOf(what, processor).median].map((value) => `${value.toFixed(1)} s`);
  return `| ${what} | **${median.toFixed(1)} s** | ${seconds.join(" | ")} | ${calls.hetzner} | ${calls.cloudflare} | ${verdict} |`;
}

/** docs/reference/benchmarks/from-nothing.md. */
export function renderFromNothingPage({ when, machine, rows, boot }: FromNothingResults): string {
  return [
    "<!-- Written by `npm run bench -- from-nothing` (test/bench/). Do not edit. -->",
    "# From nothing: our own time",
    "",
    "What podtrust itself takes to make a machine at Hetzner and a name at Cloudflare, apart from what it waits for. Stand-ins for both clouds do",
    "everything at once here; Hetzner takes half a minute for a server. Whole processes of the built package.",
    "",
    "Not in this table: the machine's boot, its packages, k3s, and IAM's propagation. What AWS takes is [measured with the commands](commands.md);",
    "what is done on the machine was not measured on real hardware.",
    "",
    `Measured ${when} on ${machine}; Node ${process.version}. Each command ran ${rows[0]?.wall.length ?? 0} times, each time from nothing.`,
    "",
    plotLine("from-nothing", "Median and spread of each command's time"),
    "",
    "| command | median | least | most | processor, median | calls of Hetzner | calls of Cloudflare | aim for the median |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ...rows.map(rowLine),
    "",
    ...(boot === "" ? [] : [boot, ""]),
    footer,
    "",
  ].join("\n");
}
