import { parseIssuer } from "../oidc/index.ts";
import type { AwsConfig, Config, RoleConfig } from "./config.ts";
import { type Environment, placeOf, standardStateDir } from "./places.ts";
import { accepted, milliseconds, resolveCluster, resolvePublisher } from "./publisher/resolve.ts";
import type { AwsInput, ConfigInput, InlineInput, RoleInput } from "./schema.ts";

/** What a file's content is seen against. */
export interface ConfigSource {
  /** Absolute name of the config file. */
  readonly file: string;
  readonly env: Environment;
  /** Text of the files that inline policies name, by absolute name. */
  readonly files: ReadonlyMap<string, string>;
}

/** The JSON text of an inline policy. */
function inlineText(input: InlineInput, source: ConfigSource): string {
  if (!("file" in input) || typeof input.file !== "string") return JSON.stringify(input);
  return accepted(source.files.get(placeOf(input.file, source.file, source.env)), "policy file");
}

/** STS takes session names of two characters or more, IAM takes roles of one. */
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
    ...(boundary === undefined ? {} : { boundary }),
    ...(description === undefined ? {} : { description }),
  };
}

function resolveAws(input: AwsInput, source: ConfigSource): AwsConfig {
  const { profile, assumeRole, stsRegionalEndpoints } = input;
  return {
    account: input.account,
    region: input.region,
    audiences: input.audiences ?? ["sts.amazonaws.com"],
    tags: input.tags ?? {},
    roles: (input.roles ?? []).map((role) => resolveRole(role, source)),
    ...(stsRegionalEndpoints === undefined ? {} : { stsRegionalEndpoints }),
    ...(profile === undefined ? {} : { profile }),
    ...(assumeRole === undefined ? {} : { assumeRole }),
  };
}

function patternWarnings(config: Pick<Config, "aws">): readonly string[] {
  return config.aws.flatMap((account) =>
    account.roles.flatMap((role) =>
      role.subjectPatterns.map(
        (pattern) =>
          `role ${role.name} of account ${account.account} lets in every ServiceAccount that fits ${pattern}: whoever can make one of such a name gets the role`,
      ),
    ),
  );
}

function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) freeze(inner);
  }
  return value;
}

/** Fills in defaults and makes names absolute. The input has passed the schema. */
export function resolveConfig(input: ConfigInput, source: ConfigSource): Config {
  const place = (name: string): string => placeOf(name, source.file, source.env);
  const { stack, issuer, cluster, publisher } = input;
  const names = { issuer, stateDir: standardStateDir(stack, source.env) };
  const aws = (input.aws ?? []).map((account) => resolveAws(account, source));
  return freeze({
    file: source.file,
    stack,
    issuer,
    aws,
    ...(cluster === undefined ? {} : { cluster: resolveCluster(cluster, place) }),
    ...(publisher === undefined ? {} : { publisher: resolvePublisher(publisher, names, place) }),
    warnings: [...parseIssuer(issuer).warnings, ...patternWarnings({ aws })],
  });
}
