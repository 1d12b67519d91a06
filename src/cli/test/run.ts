import { writeFile } from "node:fs/promises";
import { errorText, PodtrustError } from "../../base/index.ts";
import { loadConfig } from "../../config/index.ts";
import { type CaseReport, junitXml, type TestReport, testStack } from "../../stack/index.ts";
import { clusterOf } from "../options/cluster.ts";
import type { CommandContext } from "../context.ts";
import { bold, dim, green, red, type Text, rich, type Waiting, yellow } from "../terminal/index.ts";

export interface TestOptions {
  readonly file: string;
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly other?: string;
  readonly waitExpiry?: boolean;
  readonly junit?: string;
}

function caseLines(one: CaseReport): readonly Text[] {
  const marks = { passed: green("✔"), failed: red("✖"), "left-out": yellow("-") };
  const head = rich`${marks[one.verdict]} ${one.role}: ${one.name}`;
  if (one.verdict === "left-out") return [rich`${head}: left out, ${one.got}`];
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
  const { passed, failed, leftOut, cases } = report;
  const counts = `${passed} as expected, ${failed} not, ${leftOut} left out`;
  if (cases.length === 0) return "No role of the config names a ServiceAccount: there is nothing to try.";
  return report.ok ? `${counts}.` : `${counts}. podtrust status shows which link is broken.`;
}

/** Tries every role, shows what came of it, and exits 1 unless all of it was as it has to be. */
export async function runTest(context: CommandContext, options: TestOptions): Promise<void> {
  const config = await loadConfig(context.path(options.file), context.env);
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
      waitExpiry: options.waitExpiry === true,
      onWait: (reason, deadline) => {
        wait ??= progress.wait({ what: "a token to expire", reason, deadline });
      },
      ...(only === undefined ? {} : { only }),
      ...(skip === undefined ? {} : { skip }),
      ...(other === undefined ? {} : { other }),
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
  output.result(report);
  if (junit !== undefined) await writeJunit(context, junit, report);
  if (!report.ok) context.exitCode = 1;
}
