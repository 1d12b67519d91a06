import { defined, mergeTags } from "../../../core/base/index.ts";
import {
  type AwsSession,
  type LaterThumbprints,
  oidcProviderArn,
  type OidcProviderFacts,
  type OidcProviderSpec,
  oidcProviderResource,
  maxPropagation,
  roleResource,
  type RoleState,
  type RoleSpec,
  roleToDelete,
} from "../../../providers/aws/index.ts";
import type { AwsConfig, Config, RoleConfig } from "../../../config/index.ts";
import type { Resource } from "../../../rules/plan/index.ts";
import { hasCluster } from "../open-cluster.ts";
import { issuerMakers } from "../issuer-makers.ts";
import { formerIssuersOf, trustPolicyOf } from "./role-trust.ts";

export interface ResourcesInput {
  readonly config: Pick<Config, "stack" | "identity" | "issuer" | "cluster" | "machine" | "publisher">;
  readonly account: AwsConfig;
  readonly session: AwsSession;
  readonly thumbprints?: readonly string[] | LaterThumbprints;
  readonly beforeCreate?: OidcProviderSpec["beforeCreate"];
  readonly untilUsable?: (role: RoleConfig) => RoleSpec["untilUsable"];
  readonly onMade?: RoleSpec["onMade"];
  /** Names of roles that are allowed for another reason than their current one (`RoleSpec.crosses`). */
  readonly crosses?: ReadonlySet<string>;
  readonly providers?: readonly string[];
  readonly keepsTrust?: boolean;
  readonly ifTaken?: string;
}

/** What one account should contain. */
export interface AccountResources {
  readonly providerArn: string;
  readonly provider: Resource<OidcProviderFacts>;
  readonly roles: readonly {
    readonly role: RoleConfig;
    readonly spec: RoleSpec;
    readonly resource: Resource<RoleState>;
  }[];
}

function specOf(input: ResourcesInput, role: RoleConfig, providerId: string): RoleSpec {
  const { config, account } = input;
  const { name, path, maxSession, policies, inline, boundary, description } = role;
  const untilUsable = input.untilUsable?.(role);
  // Only with a cluster, and a ServiceAccount to ask as, can a later run find out.
  const canAsk = hasCluster(config) && role.serviceAccounts.length > 0;
  return {
    stack: config.stack,
    identity: config.identity,
    account: account.account,
    name,
    path,
    maxSession,
    policies,
    inline,
    trustPolicy: trustPolicyOf({
      issuer: config.issuer,
      formerIssuers: formerIssuersOf(config),
      account,
      role,
    }),
    tags: mergeTags(account.tags, role.tags),
    dependsOn: [providerId],
    settlesWithin: canAsk ? maxPropagation : 0,
    ...defined({
      boundary,
      description,
      untilUsable,
      providers: input.providers,
      keepsTrust: input.keepsTrust,
      ifTaken: input.ifTaken,
    }),
    ...(input.crosses?.has(name) === true ? { crosses: true } : {}),
    ...defined({ onMade: input.onMade }),
  };
}

/** The OIDC provider and the roles of one account, from its section of the config. */
export function accountResources(input: ResourcesInput): AccountResources {
  const { config, account, session, thumbprints, beforeCreate } = input;
  const provider = oidcProviderResource(session, {
    stack: config.stack,
    identity: config.identity,
    account: account.account,
    issuer: config.issuer,
    audiences: account.audiences,
    tags: account.tags,
    dependsOn: issuerMakers(config),
    ...defined({ thumbprints, beforeCreate }),
  });
  const roles = account.roles.map((role) => {
    const spec = specOf(input, role, provider.id);
    return { role, spec, resource: roleResource(session, spec) };
  });
  const providerArn = oidcProviderArn(session.partition, account.account, config.issuer);
  return { providerArn, provider, roles };
}

/** The same for the way down: each of them is found and deleted, and nothing is compared. */
export function resourcesToDelete({ config, account, session }: ResourcesInput): readonly Resource[] {
  const { provider } = accountResources({ config, account, session });
  const { stack, identity } = config;
  const whose = { stack, identity, account: account.account };
  return [
    provider,
    ...account.roles.map(({ name }) => roleToDelete(session, whose, { name, dependsOn: [provider.id] })),
  ];
}
