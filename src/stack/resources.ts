import { type AwsSession, oidcProviderResource, roleResource, type RoleWish } from "../aws/index.ts";
import type { AwsConfig, Config, RoleConfig } from "../config/index.ts";
import type { Resource, Work } from "../plan/index.ts";
import { trustPolicyOf } from "./role-trust.ts";

export interface ResourcesInput {
  readonly config: Config;
  readonly account: AwsConfig;
  readonly session: AwsSession;
  readonly thumbprints?: readonly string[];
  readonly beforeCreate?: (signal: AbortSignal) => Promise<void>;
  readonly untilUsable?: (role: RoleConfig) => (roleArn: string, work: Work) => Promise<void>;
}

/** What one account shall hold. */
export interface AccountResources {
  readonly resources: readonly Resource[];
  /** What each role shall be, by the id of its resource. */
  readonly wishes: ReadonlyMap<string, RoleWish>;
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
  const { config, account, session, thumbprints, beforeCreate } = input;
  const provider = oidcProviderResource(session, {
    stack: config.stack,
    account: account.account,
    issuer: config.issuer,
    audiences: account.audiences,
    tags: account.tags,
    ...(thumbprints === undefined ? {} : { thumbprints }),
    ...(beforeCreate === undefined ? {} : { beforeCreate }),
  });
  const roles = account.roles.map((role) => {
    const wish = wishOf(input, role, provider.id);
    return { wish, resource: roleResource(session, wish) };
  });
  return {
    resources: [provider, ...roles.map(({ resource }) => resource as Resource)],
    wishes: new Map(roles.map(({ resource, wish }) => [resource.id, wish])),
  };
}
