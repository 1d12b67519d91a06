import {
  type AwsSession,
  type OidcProviderFacts,
  oidcProviderResource,
  roleResource,
  type RoleState,
  type RoleWish,
} from "../../../aws/index.ts";
import type { AwsConfig, Config, RoleConfig } from "../../../config/index.ts";
import { type IssuerWay, privateThumbprints } from "../../../issuer/index.ts";
import type { Resource, Work } from "../../../plan/index.ts";
import { trustPolicyOf } from "./role-trust.ts";

export interface ResourcesInput {
  readonly config: Config;
  readonly account: AwsConfig;
  readonly session: AwsSession;
  /** How the issuer is reached; absent where nothing is to be made. */
  readonly way?: IssuerWay;
  readonly beforeCreate?: (signal: AbortSignal) => Promise<void>;
  readonly untilUsable?: (role: RoleConfig) => (roleArn: string, work: Work) => Promise<void>;
}

/** What one account shall hold. */
export interface AccountResources {
  readonly provider: Resource<OidcProviderFacts>;
  readonly roles: readonly {
    readonly role: RoleConfig;
    readonly wish: RoleWish;
    readonly resource: Resource<RoleState>;
  }[];
}

function wishOf(input: ResourcesInput, role: RoleConfig, providerId: string): RoleWish {
  const { config, account } = input;
  const { name, path, maxSession, policies, inline, boundary, description } = role;
  return {
    stack: config.stack,
    account: account.account,
    name,
    path,
    maxSession,
    policies,
    inline,
    trustPolicy: trustPolicyOf({ issuer: config.issuer, account, role }),
    tags: { ...account.tags, ...role.tags },
    dependsOn: [providerId],
    ...(boundary === undefined ? {} : { boundary }),
    ...(description === undefined ? {} : { description }),
    ...(input.untilUsable === undefined ? {} : { untilUsable: input.untilUsable(role) }),
  };
}

/** The OIDC provider and the roles of one account, as its section of the config has them. */
export function accountResources(input: ResourcesInput): AccountResources {
  const { config, account, session, way, beforeCreate } = input;
  const provider = oidcProviderResource(session, {
    stack: config.stack,
    account: account.account,
    issuer: config.issuer,
    audiences: account.audiences,
    tags: account.tags,
    ...(way === undefined
      ? {}
      : { thumbprints: (signal: AbortSignal) => privateThumbprints(config.issuer, way, signal) }),
    ...(beforeCreate === undefined ? {} : { beforeCreate }),
  });
  const roles = account.roles.map((role) => {
    const wish = wishOf(input, role, provider.id);
    return { role, wish, resource: roleResource(session, wish) };
  });
  return { provider, roles };
}
