import { defined } from "../../../core/base/index.ts";
import type { AzureIdentity, AzureTenant, Config } from "../../../config/index.ts";
import {
  applicationCredentialNames,
  applicationHolder,
  type AzureApi,
  type CredentialHolder,
  identityCredentialNames,
  identityHolder,
  identityNames,
  identityResource,
  type IdentityState,
  type DesiredCredential,
} from "../../../providers/azure/index.ts";
import { relyingParties, serviceAccountSubject } from "../../../rules/oidc/index.ts";
import type { Resource, NamedResource } from "../../../rules/plan/index.ts";

/** The APIs of one section's tenant. */
export interface TenantApis {
  readonly management: AzureApi;
  readonly graph: AzureApi;
}

/** A section of a config, and the config around it. */
export interface AzureSection {
  readonly config: Pick<Config, "identity" | "issuer" | "stack">;
  readonly tenant: AzureTenant;
}

export type ManagedIdentity = Extract<AzureIdentity, { kind: "managed" }>;

/** What the config names, by the names of plans. */
export function namedIn({ tenant }: Pick<AzureSection, "tenant">): readonly NamedResource[] {
  return tenant.identities.flatMap((one) =>
    one.kind === "managed"
      ? [identityNames(tenant, one.name), identityCredentialNames(tenant, one.name)]
      : [applicationCredentialNames(tenant.tenant, one.clientId)],
  );
}

/** The credentials of one identity or application, from the config. */
export function wantedOf(
  { config, tenant }: AzureSection,
  { serviceAccounts }: AzureIdentity,
): readonly DesiredCredential[] {
  const { audience } = relyingParties.azure.clouds[tenant.cloud];
  return serviceAccounts.map((account) => {
    const [namespace = "", name = ""] = account.split("/");
    return { account, issuer: config.issuer, subject: serviceAccountSubject(namespace, name), audience };
  });
}

/** What its credentials belong to. */
export function holderOf(
  { management, graph }: TenantApis,
  { tenant }: AzureSection,
  identity: AzureIdentity,
): CredentialHolder {
  return identity.kind === "managed"
    ? identityHolder(management, tenant, identity.name)
    : applicationHolder(graph, tenant.tenant, identity.clientId);
}

/** An identity of the stack's, as a plan's resource. */
export function identityOf(
  { management }: TenantApis,
  { config, tenant }: AzureSection,
  name: string,
): Resource<IdentityState> {
  const { location } = tenant;
  return identityResource(management, {
    stack: config.stack,
    identity: config.identity,
    group: tenant,
    name,
    ...defined({ location }),
  });
}
