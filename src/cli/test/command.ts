import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { withIssuerOptions } from "../options/stack.ts";
import { PodtrustError, defined, errorText } from "../../core/base/index.ts";
import { printNext, type CommandUses } from "../../core/command-line/index.ts";
import {
  bold,
  dim,
  green,
  red,
  rich,
  yellow,
  type ExitCode,
  type Text,
  type Waiting,
} from "../../core/terminal/index.ts";
import type { CommandContext } from "../context.ts";
import type { CaseReport, TestReport } from "../../stack/index.ts";
import type { RouteOptions } from "../options/route.ts";

interface TestCommandOptions extends RouteOptions {
  readonly file: string;
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly other?: string;
  readonly waitExpiry?: boolean;
  readonly junit?: string;
}

/** Examples and guide of the command. */
export const uses: CommandUses = {
  test: {
    examples: ["podtrust test", "podtrust test --only web", "podtrust test --junit results.xml"],
    guide: "check",
  },
};

/** `podtrust test`: real calls with real tokens, those that must succeed and those that must not. */
export function define(command: Command, context: CommandContext): void {
  const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  withIssuerOptions(command)
    .option("--only <role>", "only this role; repeatable", collect)
    .option("--skip <role>", "all but this role; repeatable", collect)
    .option(
      "--other <namespace/name>",
      "a ServiceAccount that no role trusts (default: the namespace's default)",
    )
    .option("--wait-expiry", "also check that an expired token is denied; takes 15 minutes")
    .option("--junit <file>", "also write the results as JUnit XML")
    .addHelpText(
      "after",
      "\nNeeds the right to create tokens in the cluster, and no AWS credentials. Exits 0 only if every\n" +
        "ServiceAccount of the config was authorized, and every other call denied for the right reason; 1 if a\n" +
        "call ended otherwise; 3 if none did, but some could not be made (no token, no answer from STS).\n",
    )
    .action((options: TestCommandOptions) => runTest(context, options));
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
  const { testXml } = await import("../../stack/index.ts");
  const file = context.path(name);
  try {
    await writeFile(file, testXml(report, context.clock.now()));
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

/** 1: something is wrong. 3: nothing is known to be wrong, but not everything could be tested. */
function exitCodeOf({ ok, failed, notAsked }: TestReport): ExitCode {
  if (ok) return 0;
  return failed === 0 && notAsked > 0 ? 3 : 1;
}

/** Tests every role, shows the results, and exits 0 only if all are as expected. */
async function runTest(context: CommandContext, options: TestCommandOptions): Promise<void> {
  const { testStack } = await import("../../stack/index.ts");
  const { clusterOf } = await import("../options/cluster.ts");
  const { routeOf } = await import("../options/route.ts");
  const { configOf } = await import("../options/config.ts");
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
