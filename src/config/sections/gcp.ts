import type { ServiceAccountName } from "../../rules/oidc/index.ts";
import { milliseconds } from "../forms/accepted.ts";
import { defined } from "../../core/base/index.ts";
import type { PartySection, ConfiguredAudience } from "./party-section.ts";
import type { GcpProject } from "../gcp/config.ts";
import { gcpRules } from "../gcp/rules.ts";
import type { GcpInput } from "../gcp/schema.ts";
import { standardId } from "../gcp/standard-id.ts";

function resolveProject(input: GcpInput, stack: string): GcpProject {
  const { project, projectNumber, keys = "upload", audiences = [], mapping = {}, condition } = input;
  const standard = standardId(stack) ?? "";
  return {
    project,
    projectNumber,
    pool: input.pool ?? standard,
    provider: input.provider ?? standard,
    keys,
    audiences,
    // Members and principals are made of the subject as the token has it.
    mapping: { "google.subject": "assertion.sub", ...mapping },
    ...defined({ condition }),
    serviceAccounts: (input.serviceAccounts ?? []).map(({ email, serviceAccounts, lifetime = "1h" }) => ({
      email,
      serviceAccounts,
      lifetime: milliseconds(lifetime) / 1000,
    })),
    direct: (input.direct ?? []).flatMap(({ serviceAccounts }) => serviceAccounts),
    ...(input.bindings === true ? { bindings: true } : {}),
  };
}

/** What the provider of a project takes as audience: what it names first, else its own name as URL. */
async function audienceOf({ projectNumber, pool, provider, audiences }: GcpProject): Promise<string> {
  const { providerAudience } = await import("../../rules/gcp/index.ts");
  return audiences[0] ?? providerAudience({ projectNumber, pool, provider }, "https:");
}

async function wantedIn(project: GcpProject, account: string): Promise<readonly ConfiguredAudience[]> {
  const named = project.serviceAccounts.find(({ serviceAccounts }) => serviceAccounts.includes(account));
  if (named === undefined && !project.direct.includes(account)) return [];
  const as = named === undefined ? "" : `, service account ${named.email}`;
  return [{ what: `project ${project.project}${as}`, audience: await audienceOf(project) }];
}

/** The section `gcp`. */
export const gcpSection: PartySection = {
  rules: gcpRules,
  resolve: ({ stack, gcp = [] }) => ({ gcp: gcp.map((project) => resolveProject(project, stack)) }),
  async audiences({ gcp }, { namespace, name }: ServiceAccountName) {
    return (await Promise.all(gcp.map((project) => wantedIn(project, `${namespace}/${name}`)))).flat();
  },
};
