import { defined } from "../../../core/base/index.ts";
import type { Config, OpenBaoServer } from "../../../config/index.ts";
import {
  jwtRoleResource,
  type JwtRoleSpec,
  type MountRef,
  mountResource,
  type MountSpec,
  type OpenBaoApi,
} from "../../../providers/openbao/index.ts";
import { subjectOfAccount } from "../../../rules/oidc/index.ts";
import type { Resource } from "../../../rules/plan/index.ts";
import { issuerMakers } from "../issuer-makers.ts";
import { isOnMachine } from "../publisher/part.ts";

/** A section of a config, and the config around it. */
export interface OpenBaoSection {
  readonly config: Config;
  readonly server: OpenBaoServer;
  /** PEM, if no public root vouches for the issuer. */
  readonly issuerCa?: string;
}

/** Where the mount of a section is. */
export function placeOf({ config, server }: OpenBaoSection): MountRef {
  const { stack, identity } = config;
  return { stack, identity, server: new URL(server.address).host, mount: server.mount };
}

// A certificate takes a minute, and a name looked up too early some more.
const issuerStart = 600_000;

/** The desired mount of a section. */
export function mountSpecOf(section: OpenBaoSection): MountSpec {
  const { config, issuerCa } = section;
  return {
    ...placeOf(section),
    issuer: config.issuer,
    issuerWithin: isOnMachine(config) ? issuerStart : 0,
    dependsOn: issuerMakers(config),
    ...defined({ issuerCa }),
  };
}

/** The desired roles of a section. */
export function roleSpecsOf(section: OpenBaoSection): readonly JwtRoleSpec[] {
  const { audience, roles } = section.server;
  return roles.map(({ name, serviceAccounts, policies }) => ({
    ...placeOf(section),
    name,
    audience,
    subjects: serviceAccounts.map(subjectOfAccount),
    policies,
  }));
}

/** The mount of a section, and then its roles. */
export function sectionResources(api: OpenBaoApi, section: OpenBaoSection): readonly Resource[] {
  const roles = roleSpecsOf(section).map((spec): Resource => jwtRoleResource(api, spec));
  return [mountResource(api, mountSpecOf(section)), ...roles];
}
