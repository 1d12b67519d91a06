import { mapLimit } from "../../../core/base/index.ts";
import type { AzureIdentity, AzureTenant } from "../../../config/index.ts";
import {
  azureEndpoints,
  credentialsResource,
  type DoubledCredential,
  type AssertionExchange,
  type ObservedCredential,
  listIdentities,
  observedCredentials,
  tryExchange,
} from "../../../providers/azure/index.ts";
import { noInputs } from "../../../rules/plan/index.ts";
import { relyingParties } from "../../../rules/oidc/index.ts";
import type { PartContext } from "../part.ts";
import { openTenant } from "./open.ts";
import { wantedOf } from "./resources.ts";
import { lookAt } from "./survey.ts";

/** State of one identity or application of the config. */
export interface AzureIdentityLook {
  readonly identity: AzureIdentity;
  /** `identity web` */
  readonly title: string;
  /** Undefined: it does not exist. */
  readonly clientId: string | undefined;
  /** All federated credentials that exist there, of any owner. */
  readonly credentials: readonly ObservedCredential[];
  /** What differs from the config, by the field names of plans: `shop/web`, `shop/web.audiences`. */
  readonly fields: readonly string[];
  /** Those of other owners that do the work of the stack's. */
  readonly doubled: readonly DoubledCredential[];
}

/** State of one section of the config. */
export interface AzureLook {
  readonly caller: string;
  /** In the config's order. */
  readonly identities: readonly AzureIdentityLook[];
}

/** Reads one section of the config. */
export interface AzureGroup {
  readonly tenant: AzureTenant;
  /** The audience of tokens for its cloud. */
  readonly audience: string;
  /** What exists beside what should. Throws `azure-*`. */
  look(signal: AbortSignal): Promise<AzureLook>;
  /** Asks for an access token as a workload does. Throws `azure-unreachable` and `azure-unavailable`. */
  exchange(clientId: string, assertion: string, signal: AbortSignal): Promise<AssertionExchange>;
}

async function lookAtGroup(
  context: PartContext,
  tenant: AzureTenant,
  signal: AbortSignal,
): Promise<AzureLook> {
  const { config } = context;
  const { stack, identity: ours, issuer } = config;
  const { apis, caller } = await openTenant(context, tenant, signal);
  const section = { config, tenant };
  const all = await listIdentities(apis.management, tenant, signal);
  const identities = await mapLimit(tenant.identities, async (identity): Promise<AzureIdentityLook> => {
    const looking = { apis, section, all, signal };
    const looked = await lookAt(looking, identity, wantedOf(section, identity));
    const { holder, found, credentials, view, desired } = looked;
    const resource = credentialsResource({ stack, identity: ours, issuer, holder, desired });
    const { fields } = resource.diff(observedCredentials(credentials, config), noInputs);
    const ofApplication = identity.kind === "application" && credentials !== undefined;
    return {
      identity,
      title: holder.title,
      clientId: ofApplication ? identity.clientId : found?.clientId,
      credentials: credentials ?? [],
      fields: fields.map(({ field }) => field),
      doubled: view.doubled,
    };
  });
  return { caller, identities };
}

/** Readers of a config's sections. Opens no connection. */
export function azureGroups(context: PartContext): readonly AzureGroup[] {
  return context.config.azure.map((tenant): AzureGroup => {
    const home = relyingParties.azure.clouds[tenant.cloud];
    return {
      tenant,
      audience: home.audience,
      look: (signal) => lookAtGroup(context, tenant, signal),
      exchange(clientId, assertion, signal) {
        const { login } = azureEndpoints(home, context.env);
        const order = { login, tenant: tenant.tenant, clientId, assertion, resource: home.management };
        return tryExchange(order, signal);
      },
    };
  });
}
