import { defined, links, PodtrustError } from "../../core/base/index.ts";
import type { Outcome } from "../../core/reasons/index.ts";
import type { Config } from "../../config/index.ts";
import { type Finding, type LinkReport, statusOf, type StatusReport } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import { configOf } from "../options/config.ts";
import { bold, dim, green, red, type Text, rich, yellow } from "../../core/terminal/index.ts";
import { printNext } from "../../core/command-line/index.ts";
import { consentOf } from "../options/consent.ts";
import { secondsOf } from "../options/seconds.ts";
import { type RouteOptions, routeOf } from "../options/route.ts";
import { publisherFacts } from "./publisher.ts";

export interface StatusCommandOptions extends RouteOptions {
  readonly file: string;
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly azureCli?: boolean;
  /** Seconds, or a duration; true for the default. */
  readonly watch?: string | true;
}

const nameWidth = Math.max(...links.map((link) => link.length));
const defaultWatch = 10;

const marks: Readonly<Record<Outcome, Text>> = {
  ok: green("✔"),
  warning: yellow("!"),
  broken: red("✖"),
  unseen: dim("?"),
};

const hang = nameWidth + 4;

function printFinding(context: CommandContext, finding: Finding, head: Text): void {
  const { output } = context;
  const { seen, from, fresh, next, reason } = finding;
  output.line(rich`${marks[finding.outcome]} ${head}  ${seen}`, hang);
  // The word to look up and to quote; not needed for what holds or was skipped.
  const word = finding.outcome === "ok" || reason === "Skipped" ? [] : [reason];
  const parts = [...word, from, ...(fresh === undefined ? [] : [fresh])];
  output.line(dim(`${" ".repeat(hang)}${parts.join("; ")}`), hang);
  if (next !== undefined && finding.outcome !== "ok") printNext(context, output, next, { indent: hang });
}

function printLink(context: CommandContext, { name, findings }: LinkReport): void {
  for (const [index, finding] of findings.entries())
    printFinding(context, finding, index === 0 ? bold(name.padEnd(nameWidth)) : " ".repeat(nameWidth));
}

function summary({ links: reports, broken }: StatusReport): string {
  const names = (outcome: Outcome): string =>
    reports
      .filter((link) => link.outcome === outcome)
      .map(({ name }) => name)
      .join(", ");
  const parts = [
    ["broken", names("broken")],
    ["to look at", names("warning")],
    ["not seen", names("unseen")],
  ].filter(([, list]) => list !== "");
  const rest = parts.map(([what, list]) => `${what}: ${list}`).join("; ");
  if (broken === undefined) return rest === "" ? "Every link holds." : `No link is broken; ${rest}.`;
  return `The chain breaks at ${broken.name}; ${rest}.`;
}

function printReport(context: CommandContext, report: StatusReport): void {
  const { output } = context;
  for (const link of report.links) printLink(context, link);
  output.line();
  output.line(bold(summary(report)), 2);
  if (report.broken === undefined) return;
  printNext(context, output, report.broken.next);
  output.line(dim("podtrust doctor looks closer: which cause, by which proof, and what is excluded."), 2);
}

/** What has to change for a report to be shown again. */
function essence({ links: reports }: StatusReport): string {
  return JSON.stringify(
    reports.map(({ name, findings }) => [name, findings.map((one) => [one.outcome, one.seen])]),
  );
}

async function watch(context: CommandContext, look: () => Promise<StatusReport>, ms: number): Promise<void> {
  const { clock, signal, output } = context;
  let before = "";
  while (!signal.aborted) {
    try {
      const report = await look();
      context.exitCode = report.broken === undefined ? 0 : 3;
      const now = essence(report);
      if (context.json) output.raw(`${JSON.stringify(report)}\n`);
      else if (now === before) output.line(`${report.at}  ${summary(report)}`);
      else {
        output.line(dim(report.at));
        printReport(context, report);
      }
      before = now;
      await clock.sleep(ms, signal);
    } catch (error) {
      // Ctrl-C is how a watch ends; what it saw last is how it exits.
      if (!signal.aborted) throw error;
    }
  }
}

function watchMs(text: string | true): number {
  const seconds = text === true ? defaultWatch : secondsOf("--watch", text);
  if (seconds >= 1) return seconds * 1000;
  throw new PodtrustError("usage", "--watch looks once a second at the most");
}

/** Shows every link, once or again and again; the exit code says whether one is broken. */
export async function runStatus(context: CommandContext, options: StatusCommandOptions): Promise<void> {
  const config: Config = await configOf(context, options.file);
  const { env, clock, signal, output } = context;
  const { only, skip } = options;
  const route = await routeOf(context, options);
  const consent = consentOf(context);
  const look = (): Promise<StatusReport> =>
    statusOf({
      config,
      env,
      clock,
      consent,
      signal,
      route,
      publisher: () => publisherFacts(config),
      azureCli: options.azureCli === true,
      ...defined({ only, skip }),
    });
  if (options.watch !== undefined) return watch(context, look, watchMs(options.watch));
  const report = await look();
  output.line(rich`${bold(report.stack)}  ${report.issuer}`);
  output.line();
  printReport(context, report);
  output.result(report);
  if (report.broken !== undefined) context.exitCode = 3;
  return undefined;
}
