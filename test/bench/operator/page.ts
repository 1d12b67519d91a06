import { type AdmissionRow, sizes } from "./admission.ts";
import type { BoundAtOnce } from "./bindings.ts";
import type { FleetSize } from "./fleet.ts";
import type { OperatorProcess, Resident } from "./operator-process.ts";
import type { QuietHour } from "./quiet.ts";

export interface AdmissionResults {
  readonly when: string;
  readonly machine: string;
  readonly rounds: number;
  readonly admission: readonly AdmissionRow[];
}

export interface OperatorResults extends AdmissionResults {
  /** Of the processor. */
  readonly cores: number;
  readonly size: FleetSize;
  readonly ready: OperatorProcess["ready"];
  /** Before there was a binding. */
  readonly synced: Resident;
  readonly bound: BoundAtOnce;
  readonly quiet: QuietHour;
  /** With all bindings. */
  readonly bindings: Resident;
}

const aims = { residentMB: 130, syncMs: 2000, readyMs: 15_000, iamCalls: 2 } as const;

const whole = (value: number): string => Math.round(value).toLocaleString("en-US");
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const verdict = (reached: boolean): string => (reached ? "reached" : "**missed**");

function rows({ size, ready, synced, bound, quiet, bindings }: OperatorResults): readonly string[] {
  const { residentMB, syncMs, readyMs, iamCalls } = aims;
  return [
    `| first sync: from the first answer to all seen | ${seconds(ready.fromListening)} (${seconds(ready.fromStart)} from the process's start) | under ${seconds(syncMs)}: ${verdict(ready.fromListening < syncMs)} |`,
    `| resident memory, a minute after that | ${whole(synced.now)} MB (highest ${whole(synced.most)}) | under ${residentMB} MB: ${verdict(synced.now < residentMB)} |`,
    `| the same with ${whole(size.bindings)} bindings, in a quiet minute | ${whole(bindings.now)} MB (highest ${whole(bindings.most)}) | under ${residentMB} MB: ${verdict(bindings.now < residentMB)} |`,
    `| from a binding's making to its \`Ready\`, ${whole(size.bindings)} made within ${seconds(bound.making)} | p50 ${seconds(bound.p50)}, p99 ${seconds(bound.p99)}, last ${seconds(bound.most)} | p99 under ${seconds(readyMs)}: ${verdict(bound.p99 < readyMs)} |`,
    `| IAM calls of a binding in a quiet hour, from ${quiet.minutes} minutes | ${quiet.iamCalls.toFixed(2)} | under ${iamCalls}: ${verdict(quiet.iamCalls < iamCalls)} |`,
  ];
}

const milliseconds = (value: number): string => `${value.toFixed(1)} ms`;

/** Of what a thousand bindings at once take of the processor: where an aim is missed, this is why, on any machine. */
function processorTime({ size, bound, cores }: OperatorResults): readonly string[] {
  const { operator, apiServer, etcd, sandbox, client } = bound.cpu;
  const all = operator + apiServer + etcd + sandbox + client;
  const each = (used: number): string => milliseconds((used * 1000) / size.bindings);
  const least = all / cores;
  return [
    "## What a binding takes of the processor",
    "",
    `User and system time of each process, from the first of ${whole(size.bindings)} bindings' making to the last \`Ready\`, for each binding:`,
    "",
    "| operator | API server | etcd | sandbox | this benchmark's client | all |",
    "| ---: | ---: | ---: | ---: | ---: | ---: |",
    `| ${[operator, apiServer, etcd, sandbox, client, all].map(each).join(" | ")} |`,
    "",
    `All of it is ${all.toFixed(1)} s, so that ${cores} cores with nothing else to do need ${least.toFixed(1)} s for it at least, wherever they are; operator and sandbox`,
    `are one thread each, of which the operator's is busy for ${operator.toFixed(1)} s. A binding is five calls of the API server: its making, two`,
    "writings of its status, the ServiceAccount's annotation and a token; an Event comes later; and three calls of AWS.",
    "",
  ];
}

/** What the sentences about missed aims are made of is measured in the same run. */
function missed(results: OperatorResults): readonly string[] {
  const { synced, bindings, bound, ready, size, cores } = results;
  const { operator, apiServer, etcd, sandbox, client } = bound.cpu;
  const all = operator + apiServer + etcd + sandbox + client;
  const share = (used: number): string => `${Math.round((used * 100) / all)} %`;
  const lines = [
    ...(Math.max(synced.now, bindings.now) < aims.residentMB
      ? []
      : [
          `- **Memory**: ${whole(bindings.file)} MB of it are files: Node's own program and libraries. The rest is the process's own: ${whole(bindings.own)} MB, of which ${whole(synced.own)} MB were there before the bindings.`,
        ]),
    ...(ready.fromListening < aims.syncMs
      ? []
      : [
          `- **First sync**: from its start until all was seen the operator used ${ready.cpu.toFixed(1)} s of the processor, of ${seconds(ready.fromStart)} that passed; in the rest it waited for the API server, or for a core.`,
        ]),
    ...(bound.p99 < aims.readyMs
      ? []
      : [
          `- **${whole(size.bindings)} bindings at once**: ${all.toFixed(1)} s of the processor are ${(all / cores).toFixed(1)} s of ${cores} cores even where nobody else wants them, and STS knows the last role eight seconds after it was made. ${share(apiServer + etcd)} of it are API server and etcd, ${share(operator)} the operator.`,
        ]),
  ];
  return lines.length === 0 ? [] : ["## Where an aim is missed, and why", "", ...lines, ""];
}

const callsText = (calls: Readonly<Record<string, number>>): string =>
  Object.entries(calls)
    .toSorted(([, a], [, b]) => b - a)
    .map(([action, count]) => `${action} ${whole(count)}`)
    .join(", ");

/** Where the section begins that is measured by itself too. */
const admissionTitle = "## What a pod's admission takes";
const footer = "`npm run bench -- operator` makes this page; it needs what `npm run test:cluster` needs.";

function admissionSection({ when, machine, rounds, admission }: AdmissionResults): string {
  const heads = sizes.map(
    ({ name, containers, variables }) => `${name}: ${containers} × ${variables}, p50 | its processor`,
  );
  const figures = (row: AdmissionRow): string =>
    row.figures.map(({ p50, processor }) => `${milliseconds(p50)} | ${milliseconds(processor)}`).join(" | ");
  return [
    admissionTitle,
    "",
    `A server-side dry run of a pod of so many containers and variables on a connection that is kept, ${whole(rounds)} small pods of each way and fewer`,
    "of the others, in namespaces in which each ServiceAccount has a role. Its processor is what the API server used of it for a pod; a webhook's",
    "own comes on top. The webhooks here answer on loopback, without a network between, in namespaces of 20 ServiceAccounts.",
    "",
    `Measured ${when} on ${machine}.`,
    "",
    `| | ${heads.join(" | ")} |`,
    `| --- |${" ---: |".repeat(heads.length * 2)}`,
    ...admission.map((row) => `| ${row.what} | ${figures(row)} |`),
    "",
    ...admissionVerdicts(admission),
    "",
  ].join("\n");
}

/** The aims, each with what became of it in this run. */
function admissionVerdicts(admission: readonly AdmissionRow[]): readonly string[] {
  const of = (what: string, size: number) =>
    admission.find((row) => row.what.includes(what))?.figures[size] ?? { p50: 0, processor: 0 };
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

/** The page with this section in place of its own. */
export function withAdmission(page: string, results: AdmissionResults): string {
  const at = page.indexOf(admissionTitle);
  if (at < 0) throw new Error(`the page has no section "${admissionTitle}"`);
  return `${page.slice(0, at) + admissionSection(results)}\n${footer}\n`;
}

/** docs/reference/benchmarks/operator.md. */
export function renderOperatorPage(results: OperatorResults): string {
  const { when, machine, size, bound, quiet, rounds, admission } = results;
  return [
    "<!-- Written by `npm run bench -- operator` (test/bench/). Do not edit. -->",
    "# The operator, at scale",
    "",
    `\`podtrust operator run --bindings\`, the built package as a process of its own, with the rights of its ServiceAccount on a real API server (1.36) with`,
    `${whole(size.accounts)} ServiceAccounts in ${whole(size.namespaces)} namespaces, ${whole(size.annotated)} of them with a role, and ${whole(size.pods)} pods of three containers: objects on a node`,
    "that nobody is (made directly, without kwok), a part of them injected. AWS is the sandbox, where STS knows a role eight seconds after it was made.",
    "API server, etcd, operator, sandbox and client share the machine.",
    "",
    `Measured ${when} on ${machine}; Node ${process.version}. MB are 10⁶ bytes.`,
    "A load average of more than two means that others had most of the machine's two cores: then it is in all times below.",
    "",
    "| | measured | aim |",
    "| --- | --- | --- |",
    ...rows(results),
    "",
    `Calls of AWS for these bindings: ${callsText(bound.calls)}. In a quiet hour, for all of them: ${callsText(quiet.calls)}, and a proof by STS of each.`,
    "",
    ...missed(results),
    ...processorTime(results),
    admissionSection({ when, machine, rounds, admission }),
    footer,
    "",
  ].join("\n");
}
