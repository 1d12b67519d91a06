import type { Command } from "commander";
import { defined, PodtrustError } from "../../core/base/index.ts";
import type { CommandUses } from "../../core/command-line/index.ts";
import { yellow } from "../../core/terminal/index.ts";
import type { MessageProfile, Refusal, RoleArn } from "../../rules/trust/index.ts";
import type { CommandContext } from "../context.ts";
import type { ExplainOptions } from "./typed.ts";

const exampleRole = "arn:aws:iam::111122223333:role/web";

/** Examples and guide of the command. */
export const uses: CommandUses = {
  explain: {
    examples: [
      `podtrust token --raw shop/web | podtrust explain --token - --role ${exampleRole}`,
      `podtrust explain --token token.jwt --role ${exampleRole} --trust-policy trust.json`,
      "podtrust explain --for gcp --token token.jwt --described provider.json",
    ],
    guide: "explain",
  },
};

/** `podtrust explain`: whether AWS or another relying party would accept a token and, rule by rule, why not. */
export function define(command: Command, context: CommandContext): void {
  const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  command
    .requiredOption("--token <file>", "the token's file; - reads standard input")
    .option("--for <relying party>", "the relying party: aws, gcp, azure or openbao", "aws")
    .option("--role <arn>", "the AWS role to assume")
    .option("--trust-policy <file>", "the role's trust policy as JSON, in place of reading IAM")
    .option(
      "--client-id <audience>",
      "with --trust-policy: a client ID of the OIDC provider; repeatable (default: sts.amazonaws.com)",
      collect,
    )
    .option(
      "--described <file>",
      "what gcloud, az or bao prints of its resource, as JSON; repeatable",
      collect,
    )
    .option("--service-account <email>", "with --for gcp: the service account that is impersonated")
    .option("--discovery <file>", "the issuer's discovery document, in place of fetching it; needs --jwks")
    .option("--jwks <file>", "the issuer's JWK Set, in place of fetching it; needs --discovery")
    .option(
      "--at <time>",
      "time of the call, as 2026-11-25T12:00:00Z or in seconds since 1970 (default: now)",
    )
    .option("--duration <time>", "session duration to request, in seconds or as 2h")
    .option("--session-name <name>", "role session name", "podtrust-explain")
    .option(
      "--connect-to <rule>",
      "HOST:PORT:ADDRESS:PORT, as in curl, in place of public DNS; repeatable",
      collect,
    )
    .option("--ca <file>", "PEM certificates to verify the issuer with, in place of the public roots")
    .option("--all", "show every rule, not only those that deny it or warn")
    .addHelpText(
      "after",
      "\nWithout --trust-policy, role and OIDC provider are read from IAM with the credentials of this shell;\n" +
        "AWS_ENDPOINT_URL points it at a sandbox. Exits 0 when the token would be accepted, 3 when not.\n" +
        "Of the others nothing is asked. --described takes, for\n" +
        "  gcp      gcloud iam workload-identity-pools providers describe … --format=json, its pool's, and\n" +
        "           gcloud iam service-accounts get-iam-policy EMAIL --format=json\n" +
        "  azure    az identity federated-credential list … --output json\n" +
        "  openbao  bao read -format=json auth/jwt/role/NAME, and auth/jwt/config\n" +
        "The token is never printed.\n",
    )
    .action(async (options: ExplainOptions) => {
      if (options.for === "aws") await runExplain(context, options);
      else await (await import("./relying-party.ts")).runExplainFor(context, options);
    });
}

async function roleOf(text: string): Promise<RoleArn> {
  const { parseRoleArn } = await import("../../rules/trust/index.ts");
  const parsed = parseRoleArn(text);
  if (parsed !== undefined) return parsed;
  throw new PodtrustError("usage", `--role ${text} is not the ARN of a role`, {
    next: "Give it as arn:aws:iam::ACCOUNT:role/NAME, with the path where the role has one.",
  });
}

/** AWS's words; of both generations where they differ. */
function answerLines(
  profiles: readonly MessageProfile[],
  { code, status, messages }: Refusal,
): readonly string[] {
  if (messages.legacy === messages["2026"]) return [`AWS answers ${code} (${status}): ${messages["2026"]}`];
  return profiles
    .toReversed()
    .map((profile) => `AWS answers ${code} (${status}), ${profile}: ${messages[profile]}`);
}

/**
 * Says whether AWS would accept a token for a role and, rule by rule, why not. Ends with exit code 3 when it would
 * not. Nothing of the token's signature is printed, and nothing of its payload but what a finding is about.
 */
async function runExplain(context: CommandContext, options: ExplainOptions): Promise<void> {
  const { callKeys, explainWebIdentity, messageProfiles } = await import("../../rules/trust/index.ts");
  const { moment } = await import("../../rules/judge/index.ts");
  const { keyChecks } = await import("../../rules/keys/index.ts");
  const { documentsFor, factsOfAccount, factsOfPolicy, readToken } = await import("./facts.ts");
  const { printHead, printRules, printVerdict } = await import("./print.ts");
  const { checkTogether, durationOf, timeOf } = await import("./typed.ts");
  checkTogether(options);
  const asked = await roleOf(options.role ?? "");
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
  const aws = {
    party: "AWS",
    target: `role ${asked.name}`,
    answerLines: (refusal: Refusal) => answerLines(messageProfiles, refusal),
  };
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
    at: moment(now),
    token: { iss, sub, aud },
    ...defined({ refusal }),
    rules: reports,
    notes: said,
  });
  context.exitCode = accepted ? 0 : 3;
}
