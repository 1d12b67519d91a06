import type { Config, GcpProject } from "../../../config/index.ts";
import {
  type GoogleApi,
  memberResource,
  poolResource,
  poolToDelete,
  providerResource,
  type ProviderSpec,
  providerToDelete,
} from "../../../providers/gcp/index.ts";
import { serviceAccountSubject } from "../../../rules/oidc/index.ts";
import type { Resource } from "../../../rules/plan/index.ts";
import { publisherNames } from "../../../providers/host/index.ts";

/** How a token's claims become a principal: its subject as it stands. */
export const mapping = { "google.subject": "assertion.sub" };

export interface ProjectInput {
  readonly config: Pick<Config, "gcp" | "issuer" | "stack">;
  readonly project: GcpProject;
  readonly api: GoogleApi;
  readonly keys: ProviderSpec["keys"];
}

/** The subject of a ServiceAccount, given as NAMESPACE/NAME. */
export function subjectOf(account: string): string {
  const [namespace = "", name = ""] = account.split("/");
  return serviceAccountSubject(namespace, name);
}

/** Pool, provider and members of one project, as its section of the config has them. */
export function projectResources({ config, project, api, keys }: ProjectInput): readonly Resource[] {
  const { stack, issuer } = config;
  const { audiences, condition = "", serviceAccounts } = project;
  const provider = providerResource(api, {
    stack,
    name: project,
    issuer,
    audiences,
    mapping,
    condition,
    keys,
    // What makes the issuer answer, where it is part of the same plan.
    dependsOn: [publisherNames(stack).id],
  });
  const members = serviceAccounts.map((account) =>
    memberResource(api, {
      name: project,
      email: account.email,
      subjects: account.serviceAccounts.map(subjectOf),
      dependsOn: [provider.id],
    }),
  );
  return [poolResource(api, { stack, ...project }), provider, ...members];
}

/** The same for the way down: each of them is found and deleted, and nothing is compared. */
export function projectToDelete({ config, project, api }: ProjectInput): readonly Resource[] {
  const { stack } = config;
  const provider = providerToDelete(api, { stack, name: project });
  return [
    poolToDelete(api, { stack, ...project }),
    provider,
    ...project.serviceAccounts.map(({ email }) =>
      memberResource(api, { name: project, email, subjects: [], dependsOn: [provider.id] }),
    ),
  ];
}
