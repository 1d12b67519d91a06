import { parseDuration, PodtrustError } from "../../core/base/index.ts";
import { keyChecks } from "../../rules/keys/index.ts";
import {
  callKeys,
  explainWebIdentity,
  messageProfiles,
  parseRoleArn,
  type Refusal,
  type RoleArn,
  type RuleReport,
} from "../../rules/trust/index.ts";
import type { CommandContext } from "../context.ts";
import { documentsFor, type DocumentSources, factsOfAccount, factsOfPolicy, readToken } from "./facts.ts";
import { printNext } from "../../core/command-line/index.ts";
import { bold, dim, green, red, relativeTime, rich, yellow } from "../../core/terminal/index.ts";

/** What was typed. */
export interface ExplainOptions extends DocumentSources {
  readonly token: string;
  readonly role: string;
  readonly trustPolicy?: string;
  readonly clientId?: readonly string[];
  readonly at?: string;
  readonly duration?: string;
  readonly sessionName: string;
  /** Every rule, and not only those that say something against the token. */
  readonly all?: true;
}

function roleOf(text: string): RoleArn {
  const role = parseRoleArn(text);
  if (role !== undefined) return role;
  throw new PodtrustError("usage", `--role ${text} is not the ARN of a role`, {
    next: "Give it as arn:aws:iam::ACCOUNT:role/NAME, with the path where the role has one.",
  });
}

function timeOf(text: string | undefined, now: number): number {
  if (text === undefined) return Math.floor(now / 1000);
  if (/^\d{1,12}$/u.test(text)) return Number(text);
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)$/u.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (!Number.isNaN(ms)) return Math.floor(ms / 1000);
  throw new PodtrustError("usage", `--at ${text} is not a time`, {
    next: "Give it as 2026-11-25T12:00:00Z, or in seconds since 1970.",
  });
}

function durationOf(text: string | undefined): string | undefined {
  if (text === undefined || /^\d{1,9}$/u.test(text)) return text;
  const ms = parseDuration(text);
  if (ms !== undefined && ms % 1000 === 0) return String(ms / 1000);
  throw new PodtrustError("usage", `--duration ${text} is not a time`, {
    next: "Give seconds, as 3600, or a duration, as 1h30m.",
  });
}

function checkTogether(options: ExplainOptions): void {
  if ((options.discovery === undefined) !== (options.jwks === undefined)) {
    throw new PodtrustError("usage", "--discovery and --jwks go together", {
      next: "Give both files, or neither: both documents are then fetched from the issuer.",
    });
  }
  if (options.clientId !== undefined && options.trustPolicy === undefined) {
    throw new PodtrustError("usage", "--client-id goes with --trust-policy: IAM knows the provider's own", {
      next: "Leave --client-id out, or give the trust policy's file.",
    });
  }
}

/** AWS's words; of both generations where they differ. */
function answerLines({ code, status, messages }: Refusal): readonly string[] {
  if (messages.legacy === messages["2026"]) return [`AWS answers ${code} (${status}): ${messages["2026"]}`];
  return messageProfiles
    .toReversed()
    .map((profile) => `AWS answers ${code} (${status}), ${profile}: ${messages[profile]}`);
}

const marks = { accepted: green("✔"), refused: red("✖"), "not-reached": dim("·") } as const;
const ruleWidth = 24;
const hang = ruleWidth + 3;

function printRule(context: CommandContext, { rule, outcome, finding, warnings, refusal }: RuleReport): void {
  const { output } = context;
  const found = outcome === "not-reached" ? dim(finding) : finding;
  output.line(rich`${marks[outcome]} ${rule.padEnd(ruleWidth)} ${found}`, hang);
  for (const warning of warnings) output.line(yellow(`  warning: ${warning}`), 4);
  if (refusal === undefined) return;
  for (const line of answerLines(refusal)) output.line(dim(`  ${line}`), 4);
  printNext(context, output, refusal.next, { indent: 2 });
}

function printVerdict({ output }: CommandContext, reports: readonly RuleReport[], role: RoleArn): void {
  const refused = reports.filter((one) => one.outcome === "refused").map(({ rule }) => rule);
  const [first, ...others] = refused;
  if (first === undefined) {
    output.line(bold(green(`AWS would accept the token for role ${role.name}.`)), 2);
  } else {
    output.line(bold(red(`AWS would deny it, by the rule ${first}.`)), 2);
    if (others.length > 0) output.line(`After that it would deny it by ${others.join(", ")}.`, 2);
  }
  output.line();
}

/** The rules that say something against the token, or all of them, and how many are not shown. */
function printRules(context: CommandContext, reports: readonly RuleReport[], all: boolean): void {
  const { output } = context;
  const shown = all
    ? reports
    : reports.filter(({ outcome, warnings }) => outcome === "refused" || warnings.length > 0);
  for (const report of shown) printRule(context, report);
  const hidden = reports.filter((one) => !shown.includes(one));
  const passed = hidden.filter(({ outcome }) => outcome === "accepted").length;
  if (hidden.length === 0) return;
  const rest = hidden.length - passed;
  const also = rest === 0 ? "" : ` and ${rest} not reached`;
  output.line(dim(`${passed} of ${reports.length} rules passed${also}; --all shows each.`), 2);
}

function instant(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}

type Claims = Readonly<Record<string, unknown>>;

function printHead(context: CommandContext, role: RoleArn, claims: Claims, now: number): void {
  const { output, clock } = context;
  const claim = (name: string): string => JSON.stringify(claims[name]) ?? "nothing";
  output.line(rich`${bold("role")}   ${role.arn}`);
  output.line(rich`${bold("token")}  ${claim("sub")} of ${claim("iss")} for ${claim("aud")}`);
  output.line(rich`${bold("at")}     ${instant(now)}, ${relativeTime(now * 1000, clock.now())}`);
  output.line();
}

/**
 * Says whether AWS would accept a token for a role and, rule by rule, why not. Ends with exit code 3 when it would
 * not. Nothing of the token's signature is printed, and nothing of its payload but what a finding is about.
 */
export async function runExplain(context: CommandContext, options: ExplainOptions): Promise<void> {
  const asked = roleOf(options.role);
  checkTogether(options);
  const now = timeOf(options.at, context.clock.now());
  const durationSeconds = durationOf(options.duration);
  const token = await readToken(context, options.token);
  const { trustPolicy, clientId = ["sts.amazonaws.com"] } = options;
  const { role, providers, notes } =
    trustPolicy === undefined
      ? await factsOfAccount(context, asked)
      : await factsOfPolicy(context, trustPolicy, asked, clientId);
  const { documents, notes: taken } = await documentsFor(context, options, token.jws, providers);
  const request = {
    roleArn: asked.arn,
    roleSessionName: options.sessionName,
    webIdentityToken: token.text,
    durationSeconds,
  };
  const reports = explainWebIdentity(
    { request, now, providers, role, documents, unknownKeys: callKeys },
    keyChecks,
  );
  const said = [...token.notes, ...notes, ...taken];
  const { output } = context;
  printHead(context, asked, token.jws.claims, now);
  printVerdict(context, reports, asked);
  printRules(context, reports, options.all === true);
  for (const note of said) output.line(yellow(`note: ${note}`), 2);
  const refusal = reports.find((one) => one.outcome === "refused")?.refusal;
  const accepted = refusal === undefined;
  const { iss, sub, aud } = token.jws.claims;
  output.result({
    accepted,
    role: asked.arn,
    at: instant(now),
    token: { iss, sub, aud },
    ...(accepted ? {} : { refusal }),
    rules: reports,
    notes: said,
  });
  context.exitCode = accepted ? 0 : 3;
}
