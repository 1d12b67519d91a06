import { defined, recordOf, recordsOf, textOf } from "../../../core/base/index.ts";
import type { KubernetesObject } from "../../../providers/kubernetes/index.ts";
import { boundCredentialName } from "../../../providers/azure/index.ts";
import {
  type AzureBinding,
  type AzureTrust,
  decideIdentity,
  type GrantedIdentity,
  groupId,
  mayKeepIdentity,
  readAzureBinding,
  readAzureTrust,
} from "../../../rules/bindings/azure/index.ts";
import type { NamespacedName } from "../../../rules/bindings/index.ts";
import type { BindingRules, Bound, RightRules } from "../engine/row.ts";
import type { ClusterClients } from "../pass.ts";
import { pairOf, placeOf, sameId } from "./identity-ref.ts";
import type { BoundTenants } from "./tenants.ts";

/** An identity that has a binding's federated credential, or may have it. */
export interface IdentityStatus {
  /** Its resource id. */
  readonly id: string;
  /** Whether podtrust made it: if so, it is deleted with the binding. */
  readonly managed: boolean;
  /** For AZURE_CLIENT_ID; absent until it was seen. */
  readonly clientId?: string;
  /** The id that role assignments name; absent until it was seen. */
  readonly principalId?: string;
  /** The name of podtrust's credential that exists, or is about to be made; absent if there is none. */
  readonly credential?: string;
}

export interface IdentityClients extends ClusterClients {
  readonly azure: BoundTenants;
}

/** The engine's types, of Azure. */
export interface AzureTypes {
  readonly trust: AzureTrust;
  readonly binding: AzureBinding;
  readonly granted: GrantedIdentity;
  readonly right: IdentityStatus;
  readonly seen: undefined;
}

/** What is read and decided of Azure's objects. */
export const identityRules: BindingRules<AzureTypes> = {
  party: "azure",
  readTrust: readAzureTrust,
  readBinding: readAzureBinding,
  decide(binding, trust) {
    const decision = decideIdentity(binding, trust);
    return decision.kind === "granted" ? { granted: decision.identity } : { refusals: decision.refusals };
  },
  counting: {
    of: ({ name, grants }) => ({
      name,
      grants: grants.map((one) => ({ ...one, maxRoles: one.maxIdentities })),
    }),
    isCounted: ({ managed }) => managed,
    what: "managed identities",
    field: "maxIdentities",
  },
  grantsOf: ({ grant }) => [grant],
  placesOf: (_trust, { group }) => [group],
};

function identityStatus(value: Readonly<Record<string, unknown>>): readonly IdentityStatus[] {
  const id = textOf(value["id"]);
  if (id === undefined) return [];
  const [clientId, principalId] = [textOf(value["clientId"]), textOf(value["principalId"])];
  const credential = textOf(value["credential"]);
  return [{ id, managed: value["managed"] === true, ...defined({ clientId, principalId, credential }) }];
}

/** The identities in the status of an AzureIdentityBinding: the granted one first. */
export function identitiesOf(object: KubernetesObject): readonly IdentityStatus[] {
  return recordsOf(recordOf(object["status"])["identities"]).flatMap(identityStatus);
}

function asked(
  { trust, binding, granted: { resourceId: id, managed } }: Bound<AzureTypes>,
  rights: readonly IdentityStatus[],
): readonly IdentityStatus[] {
  const stood = rights.find((one) => sameId(one.id, id));
  const credential = boundCredentialName(trust.stack, pairOf(trust, binding));
  return [{ ...stood, id, managed, credential }];
}

const credentialText = ({ id, credential }: IdentityStatus): string =>
  credential === undefined ? id : `${id}, federated credential ${credential}`;

const isSameName = (one: string | undefined, other: string | undefined): boolean =>
  one === undefined || other === undefined || one.toLowerCase() === other.toLowerCase();

/** Whether a grant of a trust allows an identity, whatever the binding asks for. */
export function mayStand(trust: AzureTrust, whose: NamespacedName, { id, managed }: IdentityStatus): boolean {
  const { group, name } = placeOf(id);
  const allows = (made: boolean): boolean => mayKeepIdentity(trust, whose, { ...group, name, managed: made });
  // One that podtrust made may be granted by its name, too.
  return allows(managed) || (managed && allows(false));
}

/** How identities stand in a status, and what is judged of them. */
export const identityRights: RightRules<AzureTypes> = {
  read: identitiesOf,
  known: "by the status",
  written: (identities) => ({ identities }),
  asked,
  // Also to an identity that exists a credential is added.
  isMade: () => true,
  // A credential of another name is of another stack or issuer.
  isSame: (one, other) => sameId(one.id, other.id) && isSameName(one.credential, other.credential),
  isOpen: ({ credential }) => credential !== undefined,
  // Which identity is podtrust's own is known by a look at it: what is made refuses it.
  reserved: () => undefined,
  scopeId: ({ id }) => groupId(placeOf(id).group),
  kept: (right, why) => `${credentialText(right)}: ${why}`,
};
