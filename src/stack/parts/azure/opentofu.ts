import type { AzureIdentity, AzureTenant, Config } from "../../../config/index.ts";
import { credentialName, type DesiredCredential } from "../../../providers/azure/index.ts";
import { azureTags, ownershipComment } from "../../../rules/plan/index.ts";
import { attributes, type Block, HclExpression, identifier, identifiers } from "../../export/hcl/index.ts";
import { importBlock, type OpenTofuPart, type RequiredProvider } from "../opentofu.ts";
import { type ManagedIdentity, wantedOf } from "./resources.ts";

const identityType = "azurerm_user_assigned_identity";
const credentialType = "azurerm_federated_identity_credential";
const ofApplicationType = "azuread_application_federated_identity_credential";

/** Names of the clouds in HashiCorp's two providers. */
const environments = {
  public: { azurerm: "public", azuread: "global" },
  usgov: { azurerm: "usgovernment", azuread: "usgovernmentl4" },
  china: { azurerm: "china", azuread: "china" },
} as const;

/** A section of the config, and its name in OpenTofu. */
interface Section {
  readonly config: Config;
  readonly tenant: AzureTenant;
  /** Of the providers; undefined if there is one section only. */
  readonly alias: string | undefined;
  /** Prefix of its resources' names. */
  readonly prefix: string;
}

function sectionsOf(config: Config): readonly Section[] {
  const { azure } = config;
  const keys = azure.map(({ subscription, resourceGroup }) => `${resourceGroup} ${subscription}`);
  const names = identifiers(keys, (key) => identifier(key.split(" ")[0] ?? ""));
  return azure.map((tenant, index): Section => {
    const name = names.get(keys[index] ?? "") ?? "";
    const isAlone = azure.length === 1;
    return { config, tenant, alias: isAlone ? undefined : name, prefix: isAlone ? "" : `${name}_` };
  });
}

const keyOf = (identity: AzureIdentity): string =>
  identity.kind === "managed" ? identity.name : identity.clientId;

/** The name of an identity or application in OpenTofu. */
function nameOf({ tenant, prefix }: Section, identity: AzureIdentity): string {
  const names = identifiers(tenant.identities.map(keyOf), (key) => `${prefix}${identifier(key)}`);
  return names.get(keyOf(identity)) ?? "";
}

/** The name of one of its credentials. */
function credentialOf(section: Section, identity: AzureIdentity, { account }: DesiredCredential): string {
  const names = identifiers(identity.serviceAccounts, (one) =>
    identifier(`${nameOf(section, identity)}_${one}`),
  );
  return names.get(account) ?? "";
}

const providerRef = (kind: "azuread" | "azurerm", { alias }: Section): HclExpression | undefined =>
  alias === undefined ? undefined : new HclExpression(`${kind}.${alias}`);

const isManaged = (identity: AzureIdentity): identity is ManagedIdentity => identity.kind === "managed";

const hasApplications = ({ tenant }: Section): boolean => !tenant.identities.every(isManaged);

function providerBlocks(section: Section): readonly Block[] {
  const { tenant, alias } = section;
  const { subscription: subscription_id, tenant: tenant_id, cloud } = tenant;
  const { azurerm, azuread } = environments[cloud];
  const manager: Block = {
    type: "provider",
    labels: ["azurerm"],
    comment: "Registering other services would need rights that podtrust's role does not give.",
    attributes: attributes({
      alias,
      subscription_id,
      tenant_id,
      environment: azurerm,
      resource_provider_registrations: "none",
    }),
    blocks: [{ type: "features", labels: [], attributes: [] }],
  };
  const directory: Block = {
    type: "provider",
    labels: ["azuread"],
    attributes: attributes({ alias, tenant_id, environment: azuread }),
  };
  return hasApplications(section) ? [manager, directory] : [manager];
}

const groupName = ({ prefix }: Section): string => `${prefix}podtrust`;

/** Where identities are created: the config's region, else the resource group's. */
function locationOf(section: Section): HclExpression | string {
  const { location } = section.tenant;
  return location ?? new HclExpression(`data.azurerm_resource_group.${groupName(section)}.location`);
}

function groupBlocks(section: Section): readonly Block[] {
  const { location, resourceGroup, identities } = section.tenant;
  if (location !== undefined || !identities.some(isManaged)) return [];
  return [
    {
      type: "data",
      labels: ["azurerm_resource_group", groupName(section)],
      attributes: attributes({ provider: providerRef("azurerm", section), name: resourceGroup }),
    },
  ];
}

function managedBlocks(section: Section, identity: ManagedIdentity): readonly Block[] {
  const { config, tenant } = section;
  const name = nameOf(section, identity);
  const provider = providerRef("azurerm", section);
  return [
    {
      type: "resource",
      labels: [identityType, name],
      attributes: attributes({
        provider,
        name: identity.name,
        resource_group_name: tenant.resourceGroup,
        location: locationOf(section),
        tags: azureTags.of(config),
      }),
    },
    ...wantedOf(section, identity).map((desired): Block => ({
      type: "resource",
      labels: [credentialType, credentialOf(section, identity, desired)],
      attributes: attributes({
        provider,
        name: credentialName(config, desired),
        user_assigned_identity_id: new HclExpression(`${identityType}.${name}.id`),
        issuer: desired.issuer,
        subject: desired.subject,
        audience: [desired.audience],
      }),
    })),
  ];
}

function applicationBlocks(
  section: Section,
  identity: Exclude<AzureIdentity, ManagedIdentity>,
): readonly Block[] {
  const { config } = section;
  const name = nameOf(section, identity);
  const provider = providerRef("azuread", section);
  return [
    {
      type: "data",
      labels: ["azuread_application", name],
      attributes: attributes({ provider, client_id: identity.clientId }),
    },
    ...wantedOf(section, identity).map((desired): Block => ({
      type: "resource",
      labels: [ofApplicationType, credentialOf(section, identity, desired)],
      attributes: attributes({
        provider,
        application_id: new HclExpression(`data.azuread_application.${name}.id`),
        display_name: credentialName(config, desired),
        description: ownershipComment.of(config),
        issuer: desired.issuer,
        subject: desired.subject,
        audiences: [desired.audience],
      }),
    })),
  ];
}

function blocksOf(section: Section): readonly Block[] {
  const { identities } = section.tenant;
  return [
    ...providerBlocks(section),
    ...groupBlocks(section),
    ...identities.flatMap((one) =>
      isManaged(one) ? managedBlocks(section, one) : applicationBlocks(section, one),
    ),
  ];
}

/** Of applications nothing: the provider's id of a credential has ids in it that only Graph knows. */
function importsOf(section: Section): readonly Block[] {
  const { tenant, config } = section;
  const { subscription, resourceGroup } = tenant;
  return tenant.identities.filter(isManaged).flatMap((identity) => {
    const id = `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${identity.name}`;
    return [
      importBlock(`${identityType}.${nameOf(section, identity)}`, id),
      ...wantedOf(section, identity).map((desired) =>
        importBlock(
          `${credentialType}.${credentialOf(section, identity, desired)}`,
          `${id}/federatedIdentityCredentials/${credentialName(config, desired)}`,
        ),
      ),
    ];
  });
}

function outputsOf(section: Section): readonly Block[] {
  return section.tenant.identities.filter(isManaged).map((identity): Block => {
    const name = nameOf(section, identity);
    const value = new HclExpression(`${identityType}.${name}.client_id`);
    return { type: "output", labels: [`client_id_${name}`], attributes: attributes({ value }) };
  });
}

// Before 4.65 it had another name for a credential's identity.
const manager: RequiredProvider = { name: "azurerm", source: "hashicorp/azurerm", version: ">= 4.65, < 6.0" };
const directory: RequiredProvider = {
  name: "azuread",
  source: "hashicorp/azuread",
  version: ">= 3.0, < 4.0",
};

/** The resource groups of Azure in OpenTofu, by HashiCorp's providers for Resource Manager and for Entra. */
export const azureOpenTofu: OpenTofuPart = {
  requires(config) {
    const sections = sectionsOf(config);
    if (sections.length === 0) return [];
    return sections.some(hasApplications) ? [manager, directory] : [manager];
  },
  blocks: (config) => sectionsOf(config).flatMap(blocksOf),
  imports: (config) => sectionsOf(config).flatMap(importsOf),
  outputs: (config) => sectionsOf(config).flatMap(outputsOf),
};
