import { replaceText } from "../../core/files/index.ts";
import { dim } from "../../core/terminal/index.ts";
import {
  type Bundle,
  bundleOf,
  type DoctorFacts,
  type DoctorReport,
  redacted,
  type Verdict,
} from "../../doctor/index.ts";
import type { CommandContext } from "../context.ts";
import { junitOf } from "./junit.ts";
import type { DoctorCommandOptions } from "./typed.ts";

/** Says what a bundle has, then writes it: mode 0600. Throws `file-unwritable`. */
async function writeBundle(
  context: CommandContext,
  name: string,
  facts: DoctorFacts,
  redact: boolean,
): Promise<Bundle["contents"]> {
  const { output } = context;
  const whole = bundleOf(facts);
  const bundle = redact ? redacted(whole) : whole;
  const text = `${JSON.stringify(bundle, undefined, 1)}\n`;
  output.line();
  output.line(`The bundle ${name} is readable text of ${text.length} characters. It has:`, 2);
  for (const { part, says } of bundle.contents) output.line(dim(`  ${part.padEnd(10)}${says}`), 2);
  await replaceText(context.path(name), text);
  return bundle.contents;
}

/** Writes what was asked for beside the report: `--junit` and `--bundle`; gives what is in the bundle. */
export async function writeFiles(
  context: CommandContext,
  { junit, bundle, redact = false }: DoctorCommandOptions,
  seen: { readonly facts: DoctorFacts; readonly report: DoctorReport; readonly fails: readonly Verdict[] },
): Promise<Bundle["contents"] | undefined> {
  if (junit !== undefined) await replaceText(context.path(junit), junitOf(seen.report, seen.fails));
  return bundle === undefined ? undefined : writeBundle(context, bundle, seen.facts, redact);
}
