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

interface FromNothingResults {
  readonly when: string;
  readonly machine: string;
  readonly rows: readonly FromNothingRow[];
}

function rowLine({ what, wall, processor, calls, aimSeconds }: FromNothingRow): string {
  const verdict =
    aimSeconds === undefined ? "" : `under ${aimSeconds} s: ${wall < aimSeconds ? "reached" : "**missed**"}`;
  return `| ${what} | **${wall.toFixed(1)} s** | ${processor.toFixed(1)} s | ${calls.hetzner} | ${calls.cloudflare} | ${verdict} |`;
}

/** docs/benchmarks-from-nothing.md. */
export function renderFromNothingPage({ when, machine, rows }: FromNothingResults): string {
  return [
    "<!-- Written by `npm run bench -- from-nothing` (test/bench/). Do not edit. -->",
    "# From nothing: our own time",
    "",
    "What podtrust itself takes to make a machine at Hetzner and a name at Cloudflare, apart from what it waits for: stand-ins for both clouds do",
    "everything at once here, where Hetzner takes half a minute for a server. Whole processes of the built package.",
    "",
    "Not in it: the machine's boot, its packages, k3s, and IAM's propagation. What AWS takes is [measured with the commands](benchmarks-commands.md);",
    "what is done on the machine was not measured on real hardware.",
    "",
    `Measured ${when} on ${machine}; Node ${process.version}.`,
    "",
    "| command | from start to end | processor | calls of Hetzner | calls of Cloudflare | aim |",
    "| --- | ---: | ---: | ---: | ---: | --- |",
    ...rows.map(rowLine),
    "",
    "`npm run bench -- from-nothing` makes this page. It needs bash.",
    "",
  ].join("\n");
}
