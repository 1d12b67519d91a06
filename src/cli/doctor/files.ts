import { replaceText } from "../../core/files/index.ts";
import { dim } from "../../core/terminal/index.ts";
import { type Bundle, redacted, type Verdict } from "../../doctor/index.ts";
import type { CommandContext } from "../context.ts";
import { type JunitReport, junitOf } from "./junit.ts";

/** What was typed about files. */
interface WrittenFiles {
  readonly junit?: string;
  readonly bundle?: string;
  readonly redact?: boolean;
}

/** Says what a bundle has, then writes it: mode 0600. Throws `file-unwritable`. */
async function writeBundle(
  context: CommandContext,
  name: string,
  bundle: Bundle,
): Promise<Bundle["contents"]> {
  const { output } = context;
  const text = `${JSON.stringify(bundle, undefined, 1)}\n`;
  output.line();
  output.line(`The bundle ${name} is readable text of ${text.length} characters. It has:`, 2);
  for (const { part, says } of bundle.contents) output.line(dim(`  ${part.padEnd(10)}${says}`), 2);
  await replaceText(context.path(name), text);
  return bundle.contents;
}

/** Writes a report as JUnit's XML, where that was asked for. Throws `file-unwritable`. */
export async function writeJunit(
  context: CommandContext,
  name: string | undefined,
  report: JunitReport,
  fails: readonly Verdict[],
): Promise<void> {
  if (name !== undefined) await replaceText(context.path(name), junitOf(report, fails));
}

/** Writes what was asked for beside the report: `--junit` and `--bundle`; gives what is in the bundle. */
export async function writeFiles(
  context: CommandContext,
  { junit, bundle, redact = false }: WrittenFiles,
  seen: {
    readonly bundle: () => Bundle;
    readonly report: JunitReport;
    readonly fails: readonly Verdict[];
  },
): Promise<Bundle["contents"] | undefined> {
  await writeJunit(context, junit, seen.report, seen.fails);
  if (bundle === undefined) return undefined;
  return writeBundle(context, bundle, redact ? redacted(seen.bundle()) : seen.bundle());
}
