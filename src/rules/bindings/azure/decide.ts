import { createHash } from "node:crypto";
import { firstGrant, type GrantRefusal, grantsFor } from "../grants/matching-grants.ts";
import type { NamespacedName } from "../grants/is-for.ts";
import { isAllowed, lacksOf } from "../grants/limit.ts";
import { partyNames } from "../names/index.ts";
import { readResourceId, resourceIdOf } from "./forms.ts";
import { identityRefusals } from "./limits.ts";
import type { AzureBinding, AzureGrant, AzureTrustGroup, AzureTrust } from "./objects.ts";

/** The identity that a binding is granted. */
export interface GrantedIdentity {
  readonly grant: string;
  readonly group: AzureTrustGroup;
  readonly name: string;
  /** With the group as the trust writes it. */
  readonly resourceId: string;
  /** Whether podtrust makes it, and it goes with the binding. */
  readonly managed: boolean;
}

export type IdentityDecision =
  | { readonly kind: "granted"; readonly identity: GrantedIdentity }
  | { readonly kind: "refused"; readonly refusals: readonly GrantRefusal[] };

// Azure's limit on an identity's name ("Naming rules and restrictions for Azure resources").
const maxLength = 128;
const digestLength = 10;

/**
 * The name of the identity that is made for a binding: `prod_shop_web`. No stack, namespace or ServiceAccount has an
 * underscore, so that no two are alike. One that is too long, or has a dot, which Azure does not accept, ends in a
 * digest.
 */
function managedIdentityName(
  { stack }: Pick<AzureTrust, "stack">,
  { namespace, name }: NamespacedName,
): string {
  const whole = `${stack}_${namespace}_${name}`;
  if (whole.length <= maxLength && !whole.includes(".")) return whole;
  const digest = createHash("sha256").update(whole).digest("hex").slice(0, digestLength);
  return `${whole.replaceAll(".", "-").slice(0, maxLength - digestLength - 1)}_${digest}`;
}

/** The part of a resource id that says which group it is in. Resource Manager's names are the same in every case. */
const samePlace = (
  one: Pick<AzureTrustGroup, "subscription" | "resourceGroup">,
  other: Pick<AzureTrustGroup, "subscription" | "resourceGroup">,
): boolean =>
  one.subscription === other.subscription &&
  one.resourceGroup.toLowerCase() === other.resourceGroup.toLowerCase();

/** The group of a trust in which a binding's identity is, or why none. */
function groupOf({ name, groups }: AzureTrust, binding: AzureBinding): AzureTrustGroup | GrantRefusal {
  const { existing, managed } = binding;
  const kind = partyNames.azure.trust.kind;
  const has = groups.map((one) => one.name).join(", ");
  if (existing !== undefined && "resourceId" in existing) {
    const place = readResourceId(existing.resourceId);
    const found = groups.find((one) => samePlace(one, place));
    if (found !== undefined) return found;
    const message = `no group of ${kind} ${name} is the resource group ${place.resourceGroup} of subscription ${place.subscription}; it has ${has}`;
    return { reason: "GroupUnknown", message };
  }
  const wanted = (existing ?? managed)?.group;
  const [only] = groups;
  if (wanted === undefined && groups.length === 1 && only !== undefined) return only;
  if (wanted === undefined) {
    const message = `the binding names no group, and ${kind} ${name} has several: ${has}`;
    return { reason: "GroupAmbiguous", message };
  }
  const found = groups.find((one) => one.name === wanted);
  if (found !== undefined) return found;
  return {
    reason: "GroupUnknown",
    message: `the binding is for group ${wanted}, and ${kind} ${name} has ${has}`,
  };
}

function nameOf(trust: AzureTrust, binding: AzureBinding): string {
  const { existing } = binding;
  if (existing === undefined) return managedIdentityName(trust, binding);
  return "name" in existing ? existing.name : readResourceId(existing.resourceId).name;
}

/** An identity that stands, with its place as Resource Manager has it. */
export interface StandingIdentity extends Pick<AzureTrustGroup, "subscription" | "resourceGroup"> {
  readonly name: string;
  /** Whether podtrust made it. */
  readonly managed: boolean;
}

/** Whether one grant of a trust allows a binding an identity that stands, whatever the binding asks for. */
export function mayKeepIdentity(
  { groups, grants }: Pick<AzureTrust, "groups" | "grants">,
  whose: NamespacedName,
  { name, managed, ...place }: StandingIdentity,
): boolean {
  const group = groups.find((one) => samePlace(one, place));
  if (group === undefined) return false;
  return isAllowed(identityRefusals, grants, whose, { group: group.name, name, managed });
}

/** What the grants of a trust allow of a binding, as `decide` does for AWS; admission decides the same. */
export function decideIdentity(binding: AzureBinding, given: AzureTrust | undefined): IdentityDecision {
  const refused = (...refusals: readonly GrantRefusal[]): IdentityDecision => ({ kind: "refused", refusals });
  const found = grantsFor<AzureGrant, AzureTrust>(partyNames.azure.trust.kind, binding, given);
  if ("reason" in found) return refused(found);
  const { trust, grants } = found;
  const group = groupOf(trust, binding);
  if ("reason" in group) return refused(group);
  const name = nameOf(trust, binding);
  const managed = binding.existing === undefined;
  const grant = firstGrant(grants, (one) =>
    lacksOf(identityRefusals, { group: group.name, name, managed }, one),
  );
  if (!("name" in grant)) return refused(...grant);
  const resourceId = resourceIdOf(group, name);
  return { kind: "granted", identity: { grant: grant.name, group, name, resourceId, managed } };
}
