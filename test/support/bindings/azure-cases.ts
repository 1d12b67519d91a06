/** Bindings and trusts of Azure as a test writes them, and what becomes of each: by our reader and `decide`, and at admission. */
import type { JsonRecord } from "../../../src/core/base/index.ts";
import type { BindingReason } from "../../../src/core/reasons/index.ts";

export const subscription = "66666666-7777-8888-9999-000000000000";

export const azureTrustSpec: JsonRecord = {
  stack: "prod",
  issuer: "https://oidc.example.test",
  tenant: "11111111-2222-3333-4444-555555555555",
  groups: [
    { name: "shared", subscription, resourceGroup: "podtrust" },
    { name: "teams", subscription, resourceGroup: "Teams.West", location: "westeurope" },
  ],
  grants: [
    { name: "shop", namespaces: ["shop"], groups: ["shared"], identities: ["shop-*", "web"] },
    {
      name: "previews",
      namespaces: ["preview-*"],
      serviceAccounts: ["api-*"],
      groups: ["shared"],
      create: true,
    },
    { name: "teams", namespaces: ["team-*"], groups: ["shared", "teams"], identities: ["*"], create: true },
  ],
};

export const azureTrustOf = (spec: JsonRecord = azureTrustSpec, name = "default"): JsonRecord => ({
  apiVersion: "podtrust.dev/v1alpha1",
  kind: "AzureTrust",
  metadata: { name },
  spec,
});

export const azureBindingOf = (spec: JsonRecord, { namespace = "shop", name = "web" } = {}): JsonRecord => ({
  apiVersion: "podtrust.dev/v1alpha1",
  kind: "AzureIdentityBinding",
  metadata: { name, namespace },
  spec,
});

export const identityId = (name: string, group = "podtrust", of = subscription): string =>
  `/subscriptions/${of}/resourceGroups/${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;

const existing = (more: JsonRecord): JsonRecord => ({ existing: more });
const inShared = (name: string): JsonRecord => existing({ name, group: "shared" });

/** Bindings that some grant allows, and the resource id of the identity that they get. */
export const grantedIdentities: readonly {
  readonly name: string;
  readonly object: JsonRecord;
  readonly id: string;
}[] = [
  { name: "by its name", object: azureBindingOf(inShared("web")), id: identityId("web") },
  {
    name: "by a pattern, whatever the case of its name",
    object: azureBindingOf(inShared("Shop-API")),
    id: identityId("Shop-API"),
  },
  {
    name: "by its resource id, whatever the case of the group",
    object: azureBindingOf(existing({ resourceId: identityId("web", "PODTRUST") })),
    id: identityId("web"),
  },
  {
    name: "that is made, in a group that is named",
    object: azureBindingOf({ managed: { group: "teams" } }, { namespace: "team-a" }),
    id: identityId("prod_team-a_web", "Teams.West"),
  },
  {
    name: "for a ServiceAccount that the grant names",
    object: azureBindingOf({ managed: { group: "shared" } }, { namespace: "preview-7", name: "api-x" }),
    id: identityId("prod_preview-7_api-x"),
  },
];

/** Those that no grant allows, with the reason, and what admission says. */
export const ungrantedIdentities: readonly {
  readonly name: string;
  readonly object: JsonRecord;
  readonly reason: BindingReason;
  readonly said: RegExp;
}[] = [
  {
    name: "of a namespace that has no grant",
    object: azureBindingOf(inShared("web"), { namespace: "other" }),
    reason: "NamespaceNotGranted",
    said: /no grant of AzureTrust default is for ServiceAccount web of namespace other/u,
  },
  {
    name: "of a ServiceAccount that the grant does not name",
    object: azureBindingOf({ managed: { group: "shared" } }, { namespace: "preview-7" }),
    reason: "NamespaceNotGranted",
    said: /no grant of AzureTrust default is for ServiceAccount web of namespace preview-7/u,
  },
  {
    name: "for an identity that the grant does not name",
    object: azureBindingOf(inShared("root")),
    reason: "IdentityNotGranted",
    said: /grant shop does not name in identities root/u,
  },
  {
    name: "for the same name in another group",
    object: azureBindingOf(existing({ name: "web", group: "teams" })),
    reason: "GroupNotGranted",
    said: /grant shop is not for the group of the identity, teams/u,
  },
  {
    name: "for a resource id of another subscription",
    object: azureBindingOf(
      existing({ resourceId: identityId("web", "podtrust", "00000000-7777-8888-9999-000000000000") }),
    ),
    reason: "GroupUnknown",
    said: /is not for the group of the identity/u,
  },
  {
    name: "that names no group, where there are several",
    object: azureBindingOf(existing({ name: "web" })),
    reason: "GroupAmbiguous",
    said: /is not for the group of the identity/u,
  },
  {
    name: "that has an identity made without create: true",
    object: azureBindingOf({ managed: { group: "shared" } }),
    reason: "CreationNotGranted",
    said: /grant shop has no create: true/u,
  },
];

/** Bindings and trusts with a mistake; `ours`: what our reader says. */
export const malformedAzure: readonly {
  readonly name: string;
  readonly object: JsonRecord;
  readonly ours: RegExp;
}[] = [
  {
    name: "a binding with neither a managed nor an existing identity",
    object: azureBindingOf({}),
    ours: /^spec an identity is managed or existing/u,
  },
  {
    name: "a binding with both",
    object: azureBindingOf({ ...inShared("web"), managed: {} }),
    ours: /^spec an identity is managed or existing/u,
  },
  {
    name: "an identity by resource id and name",
    object: azureBindingOf(existing({ resourceId: identityId("web"), name: "web" })),
    ours: /^spec\.existing an identity is named by its resourceId or by its name/u,
  },
  {
    name: "a resource id with a group",
    object: azureBindingOf(existing({ resourceId: identityId("web"), group: "shared" })),
    ours: /^spec\.existing a resourceId has its group in it/u,
  },
  {
    name: "a resource id of something else",
    object: azureBindingOf(existing({ resourceId: identityId("web").replace("userAssigned", "system") })),
    ours: /^spec\.existing\.resourceId is .*which does not fit/u,
  },
  {
    name: "an identity's name that leads elsewhere",
    object: azureBindingOf(existing({ name: "../web" })),
    ours: /^spec\.existing\.name is "\.\.\/web", which does not fit/u,
  },
  {
    name: "a grant for a group that the trust does not have",
    object: azureTrustOf({
      ...azureTrustSpec,
      grants: [{ name: "x", namespaces: ["x"], groups: ["none"] }],
    }),
    ours: /^spec a grant names a group that the trust does not have$/u,
  },
  {
    name: "two groups that are one",
    object: azureTrustOf({
      ...azureTrustSpec,
      groups: [
        { name: "shared", subscription, resourceGroup: "podtrust" },
        { name: "teams", subscription, resourceGroup: "PodTrust" },
      ],
    }),
    ours: /^spec\.groups two groups are the same resource group$/u,
  },
  {
    name: "an identity's pattern in upper case",
    object: azureTrustOf({
      ...azureTrustSpec,
      grants: [{ name: "x", namespaces: ["x"], groups: ["shared"], identities: ["Web"] }],
    }),
    ours: /^spec\.grants\[0\]\.identities\[0\] is "Web", which does not fit/u,
  },
  {
    name: "another cloud",
    object: azureTrustOf({ ...azureTrustSpec, cloud: "moon" }),
    ours: /^spec\.cloud is "moon"; accepted: public, usgov, china$/u,
  },
  {
    name: "an issuer that is no https URL",
    object: azureTrustOf({ ...azureTrustSpec, issuer: "http://oidc.example.test" }),
    ours: /^spec issuer has to be an https URL/u,
  },
];
