import { defined, mapped, PodtrustError } from "../../core/base/index.ts";
import { bold, dim, rich } from "../../core/terminal/index.ts";
import { type DoctorReport, redacted, type Verdict } from "../../doctor/index.ts";
import { gatherChain, reportOfStackBundle, stackBundleOf, stackReportOf } from "../../doctor/chain/index.ts";
import type { CommandContext } from "../context.ts";
import { readToken } from "../explain/facts.ts";
import { configOf } from "../options/config.ts";
import { consentOf } from "../options/consent.ts";
import { routeOf } from "../options/route.ts";
import { publisherFacts } from "../status/publisher.ts";
import { writeFiles, writeJunit } from "./files.ts";
import { printReport } from "./print.ts";
import { givenError, printError } from "./symptom.ts";
import { checkInJob, defaultFile, type DoctorCommandOptions, resolverOf } from "./typed.ts";

function checkedName(option: string, text: string | undefined): void {
  if (text === undefined || /^[a-z\d-]{1,63}\/[a-z\d.-]{1,253}$/u.test(text)) return;
  throw new PodtrustError("usage", `${option} ${text} is no NAMESPACE/NAME`, {
    next: `For example: ${option} default/web`,
  });
}

function shown(context: CommandContext, whole: DoctorReport, { redact }: DoctorCommandOptions): DoctorReport {
  const { output } = context;
  const report = redact === true ? redacted(whole) : whole;
  output.line(rich`${bold(report.stack ?? "")}  ${report.issuer}`);
  output.line();
  printReport(context, report);
  return report;
}

/** Diagnoses a stack and prints the result. Throws `usage`, and what reading the config throws. */
export async function runStackDoctor(
  context: CommandContext,
  options: DoctorCommandOptions,
  fails: readonly Verdict[],
): Promise<Verdict> {
  const { env, clock, signal, output } = context;
  const { file = defaultFile, pod, serviceaccount: serviceAccount, logs } = options;
  checkedName("--pod", pod);
  checkedName("--serviceaccount", serviceAccount);
  const config = await configOf(context, file);
  checkInJob(env, config.issuer, options);
  const error = await givenError(context, options.error, false);
  const token = options.token === undefined ? undefined : (await readToken(context, options.token)).text;
  const facts = await gatherChain({
    config,
    env,
    clock,
    signal,
    consent: consentOf(context),
    route: await routeOf(context, options),
    publisher: () => publisherFacts(config),
    azureCli: options.azureCli === true,
    ...defined({ pod, serviceAccount, logs, token, error: error?.text, private: options.private }),
    ...defined({ resolver: mapped(options.resolver, resolverOf) }),
  });
  const report = shown(context, stackReportOf(facts), options);
  if (error !== undefined) printError(context, error, report);
  const bundle = await writeFiles(context, options, { bundle: () => stackBundleOf(facts), report, fails });
  output.result({ ...report, ...defined({ symptom: error?.symptom, bundle }) });
  return report.verdict;
}

/** Judges the bundle of a stack that was gathered elsewhere. Throws `bundle-invalid`. */
export async function runStackOffline(
  context: CommandContext,
  text: string,
  options: DoctorCommandOptions,
  fails: readonly Verdict[],
): Promise<Verdict> {
  const report = shown(context, reportOfStackBundle(text), options);
  context.output.line(dim(`As it was seen at ${report.at}, from the bundle ${options.offline ?? ""}.`), 2);
  await writeJunit(context, options.junit, report, fails);
  context.output.result(report);
  return report.verdict;
}
