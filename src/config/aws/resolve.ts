import { defined } from "../../core/base/index.ts";
import { accepted, milliseconds } from "../forms/accepted.ts";
import { type ConfigSource, absolutePath } from "../paths.ts";
import type { AwsConfig, RoleConfig } from "./config.ts";
import type { AwsInput, InlineInput, RoleInput } from "./schema.ts";

/** The JSON text of an inline policy. */
function inlineText(input: InlineInput, source: ConfigSource): string {
  if (!("file" in input) || typeof input.file !== "string") return JSON.stringify(input);
  return accepted(source.files.get(absolutePath(input.file, source.file, source.env)), "policy file");
}

/** STS accepts session names of two characters or more, IAM accepts roles of one. */
const standardSessionName = (role: string): string => (role.length < 2 ? `podtrust-${role}` : role);

function resolveRole(input: RoleInput, source: ConfigSource): RoleConfig {
  const inline = Object.entries(input.inline ?? {}).map(([name, policy]) => [
    name,
    inlineText(policy, source),
  ]);
  const { boundary, description } = input;
  return {
    name: input.name,
    serviceAccounts: input.serviceAccounts ?? [],
    subjectPatterns: input.subjectPatterns ?? [],
    policies: input.policies ?? [],
    inline: Object.fromEntries(inline) as Record<string, string>,
    path: input.path ?? "/",
    maxSession: milliseconds(input.maxSession ?? "1h") / 1000,
    sessionName: input.sessionName ?? standardSessionName(input.name),
    tags: input.tags ?? {},
    ...defined({ boundary, description }),
  };
}

/** An account with defaults. */
export function resolveAws(input: AwsInput, source: ConfigSource): AwsConfig {
  const { profile, assumeRole, stsRegionalEndpoints } = input;
  return {
    account: input.account,
    region: input.region,
    audiences: input.audiences ?? ["sts.amazonaws.com"],
    tags: input.tags ?? {},
    roles: (input.roles ?? []).map((role) => resolveRole(role, source)),
    ...defined({ stsRegionalEndpoints, profile, assumeRole }),
  };
}

/** What is legal in the accounts but deserves a second look. */
export function awsWarnings(aws: readonly AwsConfig[]): readonly string[] {
  return aws.flatMap((account) =>
    account.roles.flatMap((role) =>
      role.subjectPatterns.map(
        (pattern) =>
          `role ${role.name} of account ${account.account} authorizes every ServiceAccount that matches ${pattern}: a user who can create one with such a name gets the role`,
      ),
    ),
  );
}
