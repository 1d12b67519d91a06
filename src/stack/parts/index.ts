import type { Config } from "../../config/index.ts";
import type { AzureGroup } from "./azure/index.ts";
import { awsMemories, awsOpenTofu, awsParts, type AwsPartContext } from "./aws/index.ts";
export { dnsRecordIds } from "./dns/index.ts";
import { dnsMemories, dnsParts, dnsOpenTofu } from "./dns/index.ts";
import type { GoogleProject, LeastGoogleRoles } from "./gcp/index.ts";
import { hetznerMemories, hetznerParts, hetznerOpenTofu } from "./hetzner/index.ts";
import { hostParts } from "./host/index.ts";
import type { OpenBaoMount, OpenBaoSection } from "./openbao/index.ts";
import { publisherParts } from "./publisher/index.ts";
import type { OpenTofuPart } from "./opentofu.ts";
import type { IssuerMemory, Part, UnnamedContext, PartContext } from "./part.ts";
import { openTofuOfParties, partsOfParties } from "./relying-parties/index.ts";

export * from "./aws/index.ts";
export { hasCluster, openCluster } from "./cluster.ts";
export {
  type ForwardedCluster,
  k3sFiles,
  type Machine,
  openMachine,
  readSigningKeys,
  sshAccess,
  type SshAccess,
} from "./host/index.ts";
export type {
  Goal,
  MonthlyCost,
  Part,
  PartContext,
  PartTarget,
  Preflight,
  PublisherRelease,
  ResourceOutputs,
  UnnamedContext,
} from "./part.ts";
export {
  accountsOutput,
  openPublisherState,
  publisherOnMachine,
  rollBackPublisher,
} from "./publisher/index.ts";
export { partySights } from "./relying-parties/index.ts";
export { askedWith, type PartySight, type SeenIdentity, type SeenParty } from "./sight.ts";
export type { Exchanged, GoogleDrift, GoogleLook, GoogleProject } from "./gcp/index.ts";
export type { AzureGroup, AzureIdentityLook, AzureLook, AssertionExchange } from "./azure/index.ts";
export type { Login, OpenBaoLook, OpenBaoMount } from "./openbao/index.ts";
export type { OpenTofuPart } from "./opentofu.ts";
export { openChallengeRecords } from "./dns/index.ts";

/** All that a config has sections for, in the order in which plans show it. */
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

/** The sections azure of a config, to be looked at. Loaded by whoever looks. */
export async function loadAzureGroups(context: PartContext): Promise<readonly AzureGroup[]> {
  const { azureGroups } = await import("./azure/index.ts");
  return azureGroups(context);
}

/** The mounts of OpenBao that a config names, to be looked at. Loaded by whoever looks. */
export async function loadOpenBaoMounts(context: PartContext): Promise<readonly OpenBaoMount[]> {
  const { openbaoMounts } = await import("./openbao/index.ts");
  return openbaoMounts(context);
}

/** The projects of Google Cloud that a config names, to be looked at. Loaded by whoever looks. */
export async function loadGoogleProjects(context: PartContext): Promise<readonly GoogleProject[]> {
  const { googleProjects } = await import("./gcp/index.ts");
  return googleProjects(context);
}

/** The least that whoever makes one mount of OpenBao needs there, as a policy in HCL. Loaded by whoever asks. */
export async function openbaoPolicy(section: OpenBaoSection): Promise<string> {
  const { leastOpenBaoPolicy } = await import("./openbao/index.ts");
  return leastOpenBaoPolicy(section);
}

/** The least that whoever makes these resource groups of section azure needs, as a custom role. Loaded by whoever asks. */
export async function leastAzureRole(
  config: Pick<Config, "stack">,
  groups: Config["azure"],
): Promise<object> {
  const azure = await import("./azure/index.ts");
  return azure.leastAzureRole(config, groups);
}

/** The least that whoever makes the section gcp needs, as custom roles of Google. Loaded by whoever asks. */
export async function leastGoogleRoles(config: Config): Promise<LeastGoogleRoles> {
  const google = await import("./gcp/index.ts");
  return google.leastGoogleRoles(config);
}

/** All that may remember the name of an issuer that a config leaves open: each is asked where those before know none. */
export function memoriesOf(context: UnnamedContext): readonly IssuerMemory[] {
  return [...dnsMemories(context), ...hetznerMemories(context), ...awsMemories(context)];
}

/** The sections of a config as OpenTofu has them, in the order of an export. */
export async function openTofuPartsOf(config: Config): Promise<readonly OpenTofuPart[]> {
  return [hetznerOpenTofu, dnsOpenTofu, awsOpenTofu, ...(await openTofuOfParties(config))];
}
