import { barOf, type Figures, plotLine } from "../plot.ts";
import { type AdmissionRow, sizes } from "./admission.ts";
import { percentile } from "./bindings.ts";
import { type HostileResults, type HostileRow, hostileSizes } from "./hostile-values.ts";

export interface AdmissionResults {
  readonly when: string;
  readonly machine: string;
  /** Small pods of each way. */
  readonly rounds: number;
  readonly rows: readonly AdmissionRow[];
  readonly hostile: HostileResults;
}

const milliseconds = (value: number): string => `${value.toFixed(1)} ms`;
const verdict = (reached: boolean): string => (reached ? "reached" : "**missed**");

/** What the page's plot is drawn from: small pods, as most are. */
export function admissionFigures({ when, machine, rows }: AdmissionResults): Figures {
  return {
    title: "What a pod's admission takes",
    axis: "Time of a small pod's dry run",
    unit: "ms",
    date: when,
    machine,
    bars: rows.map(({ what, figures: [small] }) => barOf(what.replaceAll("`", ""), small?.times ?? [])),
  };
}

function rowLine({ what, figures }: AdmissionRow): string {
  const cells = figures.map(
    ({ times, processor }) => `${milliseconds(percentile(times, 0.5))} | ${milliseconds(processor)}`,
  );
  return `| ${what} | ${cells.join(" | ")} |`;
}

/** The aims, each with what became of it in this run. */
function verdicts(rows: readonly AdmissionRow[]): readonly string[] {
  const of = (what: string, size: number) => {
    const { times = [], processor = 0 } = rows.find((row) => row.what.includes(what))?.figures[size] ?? {};
    return { p50: percentile(times, 0.5), processor };
  };
  const configMap = (count: string, size: number) => of(`--mode configmap\`, ${count} `, size);
  const twice = [0, 1].every((size) => configMap("200", size).p50 <= 2 * of("podtrust's webhook", size).p50);
  const large = configMap("1,000", 2).processor;
  const apart = [0, 1, 2].map((size) => configMap("1,000", size).processor / configMap("20", size).processor);
  const most = Math.max(...apart.map((ratio) => Math.max(ratio, 1 / ratio)));
  return [
    `- \`--mode configmap\`, small and middle pods: p50 at most twice the webhook's: ${verdict(twice)}.`,
    `- A large pod: ${milliseconds(large)} of the API server's processor, at most 1 s: ${verdict(large <= 1000)}.`,
    `- 20 and 1,000 ServiceAccounts within a fifth of one another: ${Math.round((most - 1) * 100)} % apart at most: ${verdict(most <= 1.2)}.`,
  ];
}

/** How many times the cost without policies a pod may have, and how many times that with a value of 2,048 characters. */
const most = { parties: 6, values: 1.2 } as const;

const times = (ratio: number): string => `${ratio.toFixed(1)} ×`;

function hostileTable(rows: readonly HostileRow[], aim: number): readonly string[] {
  const worst = Math.max(...rows.flatMap(({ ratios }) => ratios));
  return [
    `| | ${hostileSizes.map(({ name }) => name).join(" | ")} |`,
    `| --- |${" ---: |".repeat(hostileSizes.length)}`,
    ...rows.map(({ what, ratios }) => `| ${what} | ${ratios.map(times).join(" | ")} |`),
    "",
    `- At most ${aim} times: ${times(worst)}: ${verdict(worst <= aim)}.`,
  ];
}

/** What a tenant's pods and values cost, and whether they are within the aims. */
function hostileLines({ parties, values, lists }: HostileResults): readonly string[] {
  return [
    "## What a tenant can make of it",
    "",
    "The policies of all relying parties are installed, and the namespace asks for one of them. A pod's processor time at the API server, as a multiple",
    "of that of the same pod where no policy is asked. Each pod has what it asks for.",
    "",
    ...hostileTable(parties, most.parties),
    "",
    "The same as a multiple of that where the ServiceAccount has a value of 2,048 characters.",
    "",
    ...hostileTable(values, most.values),
    ...lists.map(
      ({ what, ratios }) => `- With ${what} it is ${ratios.map(times).join(", ")}, and has what it asks for.`,
    ),
  ];
}

/** docs/reference/benchmarks/admission.md. */
export function renderAdmissionPage({ when, machine, rounds, rows, hostile }: AdmissionResults): string {
  const heads = sizes.map(
    ({ name, containers, variables }) => `${name}: ${containers} × ${variables}, p50 | its processor`,
  );
  return [
    "<!-- Written by `npm run bench -- admission` (test/bench/). Do not edit. -->",
    "# What a pod's admission takes",
    "",
    "A server-side dry run of a pod of so many containers and variables, on a connection that is kept. Each ServiceAccount of its namespace has a",
    `role. There are ${rounds.toLocaleString("en-US")} small pods of each way, and fewer of the others. Its processor is what the API server used of it for a pod; a webhook's`,
    "own comes on top. The webhooks here answer on loopback, without a network between, in namespaces of 20 ServiceAccounts.",
    "",
    `Measured ${when} on ${machine}.`,
    "",
    plotLine("admission", "Median and spread of a small pod's dry run, for each way of injection"),
    "",
    `| | ${heads.join(" | ")} |`,
    `| --- |${" ---: |".repeat(heads.length * 2)}`,
    ...rows.map(rowLine),
    "",
    ...verdicts(rows),
    "",
    ...hostileLines(hostile),
    "",
    "`npm run bench -- admission` makes this page; it needs what `npm run test:cluster` needs.",
    "",
  ].join("\n");
}
