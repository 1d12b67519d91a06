import { writeFile } from "node:fs/promises";
import { defined, errorText, PodtrustError } from "../../core/base/index.ts";
import { type CaseReport, junitXml, type TestReport, testStack } from "../../stack/index.ts";
import { printNext } from "../../core/command-line/index.ts";
import { clusterOf } from "../options/cluster.ts";
import { type RouteOptions, routeOf } from "../options/route.ts";
import type { CommandContext } from "../context.ts";
import { configOf } from "../options/config.ts";
import {
  bold,
  dim,
  type ExitCode,
  green,
  red,
  rich,
  type Text,
  type Waiting,
  yellow,
} from "../../core/terminal/index.ts";

export interface TestCommandOptions extends RouteOptions {
  readonly file: string;
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly other?: string;
  readonly waitExpiry?: boolean;
  readonly junit?: string;
}

function caseLines(one: CaseReport): readonly Text[] {
  const marks = { passed: green("✔"), failed: red("✖"), "not-asked": yellow("?"), "left-out": yellow("-") };
  const head = rich`${marks[one.verdict]} ${one.role}: ${one.name}`;
  if (one.verdict === "left-out") return [rich`${head}: skipped, ${one.got}`];
  if (one.verdict === "not-asked") return [rich`${head}: could not be asked`, dim(`    ${one.got}`)];
  const expected = one.verdict === "failed" ? [`    expected: ${one.expected}`] : [];
  return [head, ...expected, dim(`    ${one.got}`)];
}

async function writeJunit(context: CommandContext, name: string, report: TestReport): Promise<void> {
  const file = context.path(name);
  try {
    await writeFile(file, junitXml(report, context.clock.now()));
  } catch (cause) {
    throw new PodtrustError("file-unwritable", `--junit ${file}: ${errorText(cause)}`, { cause });
  }
}

function closing(report: TestReport): string {
  const { passed, failed, notAsked, leftOut, cases } = report;
  const unknown = notAsked === 0 ? "" : `, ${notAsked} could not be asked`;
  const counts = `${passed} as expected, ${failed} not${unknown}, ${leftOut} skipped`;
  if (cases.length === 0) return "No role of the config names a ServiceAccount: there is nothing to try.";
  return report.ok ? `${counts}.` : `${counts}. podtrust status shows which link is broken.`;
}

/** 1: something is not as it has to be. 3: nothing is known to be wrong, and not everything could be asked. */
function exitCodeOf({ ok, failed, notAsked }: TestReport): ExitCode {
  if (ok) return 0;
  return failed === 0 && notAsked > 0 ? 3 : 1;
}

/** Tries every role, shows what came of it, and exits 0 only when all of it was as it has to be. */
export async function runTest(context: CommandContext, options: TestCommandOptions): Promise<void> {
  const config = await configOf(context, options.file);
  const { clock, signal, output, progress } = context;
  const cluster = await clusterOf(context, config);
  const { only, skip, other, junit } = options;
  let wait: Waiting | undefined;
  let report: TestReport;
  try {
    report = await testStack({
      config,
      cluster,
      env: context.env,
      clock,
      signal,
      route: await routeOf(context, options),
      waitExpiry: options.waitExpiry === true,
      onWait: (reason, deadline) => {
        wait ??= progress.wait({ what: "a token to expire", reason, deadline });
      },
      ...defined({ only, skip, other }),
    });
    wait?.done("a token has expired");
  } catch (error) {
    wait?.failed("a token to expire: ended before it had");
    throw error;
  }
  // In the order of the config, however the answers came in.
  for (const one of report.cases) for (const line of caseLines(one)) output.line(line);
  output.line();
  output.line(bold(closing(report)));
  const { issuerFault } = report;
  if (issuerFault !== undefined) {
    output.line(rich`${red("✖")} the issuer: ${issuerFault.seen}`, 2);
    printNext(context, output, issuerFault.next);
  }
  output.result(report);
  if (junit !== undefined) await writeJunit(context, junit, report);
  context.exitCode = exitCodeOf(report);
}
