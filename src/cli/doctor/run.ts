import { defined, mapped, PodtrustError } from "../../core/base/index.ts";
import { readTextFile } from "../../core/command-line/index.ts";
import { bold, dim, rich, yellow } from "../../core/terminal/index.ts";
import {
  bundleOf,
  type DoctorFacts,
  type DoctorReport,
  factsOfBundle,
  gatherFacts,
  isStackBundle,
  maxBundle,
  redacted,
  reportOf,
  type Verdict,
} from "../../doctor/index.ts";
import { parseIssuer } from "../../rules/oidc/index.ts";
import type { CommandContext } from "../context.ts";
import { readToken } from "../explain/facts.ts";
import { writeFiles } from "./files.ts";
import { printReport } from "./print.ts";
import { givenError, printError } from "./symptom.ts";
import { checkInJob, checkTogether, type DoctorCommandOptions, isOfStack, resolverOf } from "./typed.ts";
import { routeOf } from "../options/route.ts";

const failing: Readonly<Record<string, readonly Verdict[]>> = {
  broken: ["broken"],
  warning: ["broken", "incident", "propagating", "warning"],
};

/** The verdicts that make the exit code 3; throws `usage`. */
function failsOn(text: string): readonly Verdict[] {
  const found = Object.hasOwn(failing, text) ? failing[text] : undefined;
  if (found !== undefined) return found;
  throw new PodtrustError("usage", `--fail-on ${text} is no verdict`, { next: "Give warning or broken." });
}

/** What is seen of an issuer now. */
async function gathered(
  context: CommandContext,
  issuer: string,
  options: DoctorCommandOptions,
): Promise<DoctorFacts> {
  const { clock, signal, output } = context;
  parseIssuer(issuer);
  checkInJob(context.env, issuer, options);
  const resolver = mapped(options.resolver, resolverOf);
  const token = options.token === undefined ? undefined : await readToken(context, options.token);
  const route = await routeOf(context, options);
  const asked = defined({ token, resolver, private: options.private });
  const facts = await gatherFacts({ issuer, route, clock, signal, ...asked });
  for (const note of token?.notes ?? []) output.line(yellow(`note: ${note}`), 2);
  return facts;
}

/** What was gathered elsewhere: nothing is fetched. */
function stored(context: CommandContext, name: string): Promise<string> {
  return readTextFile(context, { option: "--offline", name, maxBytes: maxBundle });
}

async function factsOf(
  context: CommandContext,
  issuer: string | undefined,
  options: DoctorCommandOptions,
  bundle: string | undefined,
): Promise<DoctorFacts | undefined> {
  if (bundle !== undefined) return factsOfBundle(bundle);
  return issuer === undefined ? undefined : gathered(context, issuer, options);
}

function heading(context: CommandContext, { issuer, at }: DoctorReport, offline: string | undefined): void {
  const { output } = context;
  output.line(rich`${bold("issuer")}  ${issuer}`);
  if (offline !== undefined) output.line(dim(`As it was seen at ${at}, from the bundle ${offline}.`), 2);
  output.line();
}

async function runIssuerDoctor(
  context: CommandContext,
  issuer: string | undefined,
  options: DoctorCommandOptions,
  { bundleText, fails }: { readonly bundleText: string | undefined; readonly fails: readonly Verdict[] },
): Promise<void> {
  const error = await givenError(context, options.error, issuer === undefined && bundleText === undefined);
  const facts = await factsOf(context, issuer, options, bundleText);
  const whole = facts === undefined ? undefined : reportOf(facts);
  const report = options.redact === true ? redacted(whole) : whole;
  if (report !== undefined) {
    heading(context, report, options.offline);
    printReport(context, report);
  }
  if (error !== undefined) printError(context, error, report);
  const seen =
    facts === undefined || report === undefined
      ? undefined
      : { bundle: () => bundleOf(facts), report, fails };
  const bundle = seen === undefined ? undefined : await writeFiles(context, options, seen);
  context.output.result({ ...report, ...defined({ symptom: error?.symptom, bundle }) });
  if (report !== undefined && fails.includes(report.verdict)) context.exitCode = 3;
}

/**
 * Judges a stack by its config, any issuer as AWS reads it, an error's text, or an issuer and a text; the exit code
 * says whether a link is broken.
 */
export async function runDoctor(
  context: CommandContext,
  issuer: string | undefined,
  options: DoctorCommandOptions,
): Promise<void> {
  const fails = failsOn(options.failOn);
  if (await isOfStack(context, issuer, options)) {
    const { runStackDoctor } = await import("./stack.ts");
    if (fails.includes(await runStackDoctor(context, options, fails))) context.exitCode = 3;
    return undefined;
  }
  checkTogether(issuer, options);
  const text = options.offline === undefined ? undefined : await stored(context, options.offline);
  if (text === undefined || !isStackBundle(text)) {
    return runIssuerDoctor(context, issuer, options, { bundleText: text, fails });
  }
  const { runStackOffline } = await import("./stack.ts");
  if (fails.includes(await runStackOffline(context, text, options, fails))) context.exitCode = 3;
  return undefined;
}
