import { PodtrustError } from "../../core/base/index.ts";
import { keyChecks } from "../../rules/keys/index.ts";
import {
  callKeys,
  explainWebIdentity,
  messageProfiles,
  parseRoleArn,
  type Refusal,
  type RoleArn,
} from "../../rules/trust/index.ts";
import type { CommandContext } from "../context.ts";
import { documentsFor, factsOfAccount, factsOfPolicy, readToken } from "./facts.ts";
import { yellow } from "../../core/terminal/index.ts";
import { instant, printHead, printRules, printVerdict } from "./print.ts";
import { checkTogether, durationOf, type ExplainOptions, timeOf } from "./typed.ts";

function roleOf(text: string): RoleArn {
  const role = parseRoleArn(text);
  if (role !== undefined) return role;
  throw new PodtrustError("usage", `--role ${text} is not the ARN of a role`, {
    next: "Give it as arn:aws:iam::ACCOUNT:role/NAME, with the path where the role has one.",
  });
}

/** AWS's words; of both generations where they differ. */
function answerLines({ code, status, messages }: Refusal): readonly string[] {
  if (messages.legacy === messages["2026"]) return [`AWS answers ${code} (${status}): ${messages["2026"]}`];
  return messageProfiles
    .toReversed()
    .map((profile) => `AWS answers ${code} (${status}), ${profile}: ${messages[profile]}`);
}

/**
 * Says whether AWS would accept a token for a role and, rule by rule, why not. Ends with exit code 3 when it would
 * not. Nothing of the token's signature is printed, and nothing of its payload but what a finding is about.
 */
export async function runExplain(context: CommandContext, options: ExplainOptions): Promise<void> {
  checkTogether(options);
  const asked = roleOf(options.role ?? "");
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
  const aws = { party: "AWS", target: `role ${asked.name}`, answerLines };
  const said = [...token.notes, ...notes, ...taken];
  const { output } = context;
  printHead(context, ["role", asked.arn], token.jws.claims, now);
  printVerdict(context, reports, aws);
  printRules(context, reports, aws, options.all === true);
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
