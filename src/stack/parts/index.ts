import type { Config } from "../../config/index.ts";
import { awsMemories } from "./aws/memory.ts";
import { awsOpenTofu } from "./aws/opentofu.ts";
import { awsParts, type AwsPartContext } from "./aws/part.ts";
import { dnsMemories, dnsParts } from "./dns/part.ts";
import { dnsOpenTofu } from "./dns/opentofu.ts";
import { hetznerMemories } from "./hetzner/api.ts";
import { hetznerParts } from "./hetzner/part.ts";
import { hetznerOpenTofu } from "./hetzner/opentofu.ts";
import { hostParts } from "./host/part.ts";
import { publisherParts } from "./publisher/part.ts";
import type { LeastGoogleRoles } from "./gcp/index.ts";
import type { OpenBaoSection } from "./openbao/index.ts";
import type { OpenTofuPart } from "./opentofu.ts";
import type { IssuerMemory, Part, UnnamedContext, PartContext } from "./part.ts";
import { openTofuOfParties, partsOfParties } from "./relying-parties/index.ts";

export {
  isClosedAfterTheft,
  type Lockdown,
  type OidcProviderFacts,
  type RoleState,
  trustedRole,
} from "../../providers/aws/index.ts";
export {
  admissionOf,
  formerIssuersOf,
  providerArnOf,
  roleArnOf,
  trustPolicyOf,
  trusts,
} from "./aws/role-trust.ts";
export { type AwsPart, type AwsPartContext, awsPart, awsParts, type ResourceDrift } from "./aws/part.ts";
export type { LockedRole, RoleChange, RolesLocked } from "./aws/lockdown.ts";
export { type TokenExchange, exchanged } from "./aws/exchange.ts";
export { type AccountAnswers, accountAnswers, preflight } from "./aws/preflight.ts";
export { accountResources, type AccountResources } from "./aws/resources.ts";
export {
  type ClosingOutcome,
  isOwnAccess,
  type PartyClosing,
  type Reopening,
  type TheftAnswerAt,
} from "./closing.ts";
export { hasCluster, openCluster } from "./open-cluster.ts";
export type { ForwardedCluster } from "../../providers/host/index.ts";
export { k3sFiles } from "./host/spec.ts";
export { lookAtApiServers } from "./host/servers.ts";
export { type Machine, openMachine } from "./host/machine.ts";
export { readSigningKeys } from "./host/signing-keys.ts";
export type { ServerSight } from "../../control-plane/servers/index.ts";
export { sshAccess, type SshAccess } from "./host/access.ts";
export type {
  Goal,
  Lead,
  MonthlyCost,
  Part,
  PartContext,
  PartTarget,
  Preflight,
  PublisherRelease,
  ResourceOutputs,
  UnnamedContext,
} from "./part.ts";
export { accountsOutput, publisherOnMachine, rollBackPublisher } from "./publisher/part.ts";
export { openPublisherState } from "./publisher/state.ts";
export { partySights, theftAnswersOfParties } from "./relying-parties/index.ts";
export { askedWith, type PartySight, type ObservedIdentity, type ObservedParty } from "./sight.ts";
export type { Exchanged, GoogleDrift, GoogleLook } from "./gcp/index.ts";
export type { AzureIdentityLook, AzureLook, AssertionExchange } from "./azure/index.ts";
export type { Login, OpenBaoLook } from "./openbao/index.ts";
export type { OpenTofuPart } from "./opentofu.ts";
export { openChallengeRecords } from "./dns/open.ts";
export { dnsRecordIds } from "./dns/part.ts";

/** All parts that a config has sections for, in the order of plans. */
export async function partsOf(context: AwsPartContext): Promise<readonly Part[]> {
  return [
    ...hetznerParts(context),
    ...hostParts(context),
    ...dnsParts(context),
    ...publisherParts(context),
    ...awsParts(context),
    ...(await partsOfParties(context)),
  ];
}

/** Readers of a config's sections at relying parties beside AWS. Each is loaded on demand, and opens no connection. */
export const sectionReaders = {
  gcp: async (context: PartContext) => (await import("./gcp/index.ts")).googleProjects(context),
  azure: async (context: PartContext) => (await import("./azure/index.ts")).azureGroups(context),
  openbao: async (context: PartContext) => (await import("./openbao/index.ts")).openbaoMounts(context),
} as const;

/** The least privileges needed to manage one mount of OpenBao, as a policy in HCL. Loaded on demand. */
export async function openbaoPolicy(section: OpenBaoSection): Promise<string> {
  const { leastOpenBaoPolicy } = await import("./openbao/index.ts");
  return leastOpenBaoPolicy(section);
}

/** The least privileges needed to manage the resource groups of an azure section, as a custom role. Loaded on demand. */
export async function leastAzureRole(
  config: Pick<Config, "stack">,
  groups: Config["azure"],
): Promise<object> {
  const azure = await import("./azure/index.ts");
  return azure.leastAzureRole(config, groups);
}

/** The least privileges needed to manage the section gcp, as custom roles of Google. Loaded on demand. */
export async function leastGoogleRoles(config: Config): Promise<LeastGoogleRoles> {
  const google = await import("./gcp/index.ts");
  return google.leastGoogleRoles(config);
}

/** Everything that may remember the name of an issuer that a config leaves open: each is asked if those before know none. */
export function memoriesOf(context: UnnamedContext): readonly IssuerMemory[] {
  return [...dnsMemories(context), ...hetznerMemories(context), ...awsMemories(context)];
}

/** The sections of a config in OpenTofu, in the order of an export. */
export async function openTofuPartsOf(config: Config): Promise<readonly OpenTofuPart[]> {
  return [hetznerOpenTofu, dnsOpenTofu, awsOpenTofu, ...(await openTofuOfParties(config))];
}
