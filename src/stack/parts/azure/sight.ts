import { identityPath } from "../../../providers/azure/index.ts";
import type { PartContext } from "../part.ts";
import { admittedBy, type PartySight, type ObservedIdentity, type ObservedParty } from "../sight.ts";
import { type AzureGroup, azureGroups, type AzureIdentityLook } from "./look.ts";

/** Who an identity lets in by its federated credentials: by those of the issuer, for its cloud's audience. */
function identityOf(look: AzureIdentityLook, group: AzureGroup, issuer: string): ObservedIdentity {
  const { title, clientId, credentials, identity } = look;
  const { tenant, audience } = group;
  const subjects = credentials.flatMap(({ issuer: of, subject, audiences, closed }) => {
    // It lets nobody in until a person opens it.
    if (closed === true) return [];
    // Subjects of another issuer are not workloads of this cluster.
    if (of !== issuer) return [`${subject} of ${of}`];
    return audiences.includes(audience) ? [subject] : [];
  });
  return {
    name: title,
    ...(identity.kind === "managed" ? { id: identityPath(tenant, identity.name) } : {}),
    exists: clientId !== undefined,
    ...admittedBy(subjects),
    wanted: identity.serviceAccounts,
    policies: [],
  };
}

function sightOf(group: AzureGroup, issuer: string): PartySight {
  const { tenant, audience } = group;
  // Azure assigns it: known once the identity was read.
  const clientIds = new Map<string, string>();
  return {
    place: `resource group ${tenant.resourceGroup}`,
    audience,
    async look(signal): Promise<ObservedParty> {
      const { identities } = await group.look(signal);
      for (const { title, clientId } of identities)
        if (clientId !== undefined) clientIds.set(title, clientId);
      return {
        // Entra has no resource for the issuer: each credential names it.
        provider: {
          name: "federated credentials",
          issuer,
          details: [
            ["Tenant", tenant.tenant],
            ["Subscription", tenant.subscription],
            ["Audience", audience],
          ],
        },
        identities: identities.map((one) => identityOf(one, group, issuer)),
      };
    },
    async ask({ name }, jwt, signal) {
      const clientId = clientIds.get(name);
      if (clientId === undefined) throw new TypeError(`${name} was not looked at, or is not there`);
      const answer = await group.exchange(clientId, jwt, signal);
      return answer.outcome === "accepted"
        ? { accepted: true, said: "" }
        : { accepted: false, said: answer.message };
    },
  };
}

/** The resource groups of a config, for the map. Opens no connection. */
export function azureSights(context: PartContext): readonly PartySight[] {
  return azureGroups(context).map((group) => sightOf(group, context.config.issuer));
}
