/** What one command took. */
export interface FromNothingRow {
  readonly what: string;
  /** Seconds from the process's start to its end. */
  readonly wall: number;
  /** Seconds of the processor. */
  readonly processor: number;
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

interface FromNothingResults {
  readonly when: string;
  readonly machine: string;
  readonly rows: readonly FromNothingRow[];
  /** Where it was asked for. */
  readonly boot?: readonly BootRow[];
}

function bootLines(rows: readonly BootRow[]): readonly string[] {
  const lines = rows.flatMap(({ what, wall, processor, waits }) => [
    `| ${what} | **${wall.toFixed(0)} s** | **${processor.toFixed(1)} s** |`,
    ...waits.map(([waited, seconds]) => `| … until ${waited} | ${seconds.toFixed(0)} s | |`),
  ]);
  return [
    "",
    "## On a machine that boots",
    "",
    "The same up to AWS's trust, on a virtual machine whose processor is emulated: boot, k3s (a stand-in, whose API server is the real one) and",
    "publisher take many times as long in there as on a rented machine, so of these figures our own seconds are what counts. They are those of the",
    "processor, with the ssh that carries it all; podtrust runs from its source here.",
    "",
    "| command | from start to end | our own |",
    "| --- | ---: | ---: |",
    ...lines,
  ];
}

function rowLine({ what, wall, processor, calls, aimSeconds }: FromNothingRow): string {
  const verdict =
    aimSeconds === undefined ? "" : `under ${aimSeconds} s: ${wall < aimSeconds ? "reached" : "**missed**"}`;
  return `| ${what} | **${wall.toFixed(1)} s** | ${processor.toFixed(1)} s | ${calls.hetzner} | ${calls.cloudflare} | ${verdict} |`;
}

/** docs/reference/benchmarks/from-nothing.md. */
export function renderFromNothingPage({ when, machine, rows, boot }: FromNothingResults): string {
  return [
    "<!-- Written by `npm run bench -- from-nothing` (test/bench/). Do not edit. -->",
    "# From nothing: our own time",
    "",
    "What podtrust itself takes to make a machine at Hetzner and a name at Cloudflare, apart from what it waits for: stand-ins for both clouds do",
    "everything at once here, where Hetzner takes half a minute for a server. Whole processes of the built package.",
    "",
    "Not in this table: the machine's boot, its packages, k3s, and IAM's propagation. What AWS takes is [measured with the commands](commands.md);",
    "what is done on the machine was not measured on real hardware.",
    "",
    `Measured ${when} on ${machine}; Node ${process.version}.`,
    "",
    "| command | from start to end | processor | calls of Hetzner | calls of Cloudflare | aim |",
    "| --- | ---: | ---: | ---: | ---: | --- |",
    ...rows.map(rowLine),
    ...(boot === undefined ? [] : bootLines(boot)),
    "",
    "`npm run bench -- from-nothing` makes this page; with `--boot` it boots a machine too, as `npm run test:machine` does. It needs bash.",
    "",
  ].join("\n");
}
