import type { Config, GcpProject, GcpServiceAccount } from "../../../config/index.ts";
import {
  type GoogleApi,
  memberResource,
  type MemberState,
  poolResource,
  type PoolState,
  poolToDelete,
  providerResource,
  type ProviderSpec,
  type ProviderState,
  providerToDelete,
} from "../../../providers/gcp/index.ts";
import { subjectOfAccount } from "../../../rules/oidc/index.ts";
import type { Resource } from "../../../rules/plan/index.ts";
import { publisherNames } from "../../../providers/host/index.ts";

export interface ProjectInput {
  readonly config: Pick<Config, "gcp" | "identity" | "issuer" | "stack">;
  readonly project: GcpProject;
  readonly api: GoogleApi;
  readonly keys: ProviderSpec["keys"];
}

/** What one project's section of the config names, each individually. */
export interface ProjectThings {
  readonly pool: Resource<PoolState>;
  readonly provider: Resource<ProviderState>;
  readonly members: readonly {
    readonly account: GcpServiceAccount;
    readonly resource: Resource<MemberState>;
  }[];
}

/** Pool, provider and members of one project, from its section of the config. */
export function projectResources(input: ProjectInput): readonly Resource[] {
  const { pool, provider, members } = projectThings(input);
  return [pool, provider, ...members.map(({ resource }) => resource)];
}

/** The same, each individually. */
export function projectThings({ config, project, api, keys }: ProjectInput): ProjectThings {
  const { stack, identity, issuer } = config;
  const { audiences, mapping, condition = "", serviceAccounts } = project;
  const provider = providerResource(api, {
    stack,
    identity,
    name: project,
    issuer,
    audiences,
    mapping,
    condition,
    keys,
    // What makes the issuer answer, if it is part of the same plan.
    dependsOn: [publisherNames(stack).id],
  });
  const members = serviceAccounts.map((account) => ({
    account,
    resource: memberResource(api, {
      name: project,
      email: account.email,
      subjects: account.serviceAccounts.map(subjectOfAccount),
      dependsOn: [provider.id],
    }),
  }));
  return { pool: poolResource(api, { stack, identity, ...project }), provider, members };
}

/** The same for the way down: each of them is found and deleted, and nothing is compared. */
export function projectToDelete({ config, project, api }: ProjectInput): readonly Resource[] {
  const { stack, identity } = config;
  const provider = providerToDelete(api, { stack, identity, name: project });
  return [
    poolToDelete(api, { stack, identity, ...project }),
    provider,
    ...project.serviceAccounts.map(({ email }) =>
      memberResource(api, { name: project, email, subjects: [], dependsOn: [provider.id] }),
    ),
  ];
}
