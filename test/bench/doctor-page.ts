import process from "node:process";
import { type Bar, barOf, type Figures, plotLine } from "./plot.ts";

/** How long one run took, in milliseconds, and what it found. */
export interface Run {
  readonly ms: number;
  readonly findings: readonly string[];
}

/** Runs on one issuer or stack. */
export interface DoctorRow {
  readonly name: string;
  readonly runs: readonly Run[];
  /** What the slowest is to take at the most. */
  readonly aimSeconds: number;
}

export interface DoctorResults {
  readonly when: string;
  readonly machine: string;
  /** By the URL alone, and with the config of a whole stack. */
  readonly issuers: readonly DoctorRow[];
  readonly stacks: readonly DoctorRow[];
}

const barOfRow = ({ name, runs }: DoctorRow, of: string): Bar =>
  barOf(
    `${of}: ${name}`,
    runs.map(({ ms }) => ms),
  );

/** What the page's plot is drawn from. */
export function doctorFigures({ when, machine, issuers, stacks }: DoctorResults): Figures {
  return {
    title: "How long doctor takes",
    axis: "Time of a run",
    unit: "ms",
    date: when,
    machine,
    bars: [...issuers.map((row) => barOfRow(row, "issuer")), ...stacks.map((row) => barOfRow(row, "stack"))],
  };
}

const seconds = (ms: number): string => (ms / 1000).toFixed(1);

function rowLine(row: DoctorRow): string {
  const { name, runs, aimSeconds } = row;
  const { median, most } = barOfRow(row, name);
  const found = [...new Set(runs.flatMap(({ findings }) => findings))].join(", ") || "none";
  const reached = most <= aimSeconds * 1000 ? "reached" : "**missed**";
  return `| ${name} | ${runs.length} | ${seconds(median)} | ${seconds(most)} | ${aimSeconds}: ${reached} | ${found} |`;
}

/** docs/reference/benchmarks/doctor.md. */
export function renderDoctorPage({ when, machine, issuers, stacks }: DoctorResults): string {
  return `<!-- Written by \`npm run bench -- doctor\` (test/bench/). Do not edit. -->
# How long doctor takes

\`podtrust doctor https://ISSUER\` on issuers of loopback: real TLS, a resolver and name servers of their own, AWS's five seconds
for each document. A healthy one has two addresses. The broken ones have eight, each of which costs all of its time, below a
zone whose name server never answers.

Measured ${when} on ${machine}; Node ${process.version}.

${plotLine("doctor", "Median and spread of doctor's time, for each issuer and stack")}

| issuer | runs | seconds: median | slowest | aim | findings |
| --- | ---: | ---: | ---: | --- | --- |
${issuers.map(rowLine).join("\n")}

\`podtrust doctor -f podtrust.yaml\` on a whole stack: a stand-in cluster, its issuer, and IAM and STS of the sandbox. In the
broken one each of the three takes connections and never answers.

| stack | runs | seconds: median | slowest | aim | findings |
| --- | ---: | ---: | ---: | --- | --- |
${stacks.map(rowLine).join("\n")}

A healthy issuer is to have no finding, in any run, nor is a healthy stack, whose stand-in runs no pods (NoPods). On a network the look-ups and round trips come on top.
`;
}
