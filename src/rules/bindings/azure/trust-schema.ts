import type { JsonRecord } from "../../../core/base/index.ts";
import { maxIssuer, relyingParties } from "../../oidc/index.ts";
import { fieldsOf } from "../grants/limit.ts";
import { issuerRule, label } from "../objects/forms.ts";
import { grantee, grantsField, grantsNameTheirs } from "../objects/grants.ts";
import type { ObjectField } from "../schema/field.ts";
import { groupId, guid, location, resourceGroup } from "./forms.ts";
import { identityLimits } from "./limits.ts";

const grant: ObjectField = {
  type: "object",
  required: ["name", "namespaces", "groups"],
  description: "What some namespaces may bind. An identity needs one grant that allows it.",
  properties: {
    ...grantee,
    ...fieldsOf(identityLimits),
  },
};

const group: ObjectField = {
  type: "object",
  required: ["name", "subscription", "resourceGroup"],
  properties: {
    name: { ...label(63), description: "What bindings and grants call it." },
    subscription: guid("The subscription's id, in lower case."),
    resourceGroup,
    location: {
      ...location,
      description: "Where identities are made; left out: where the resource group itself is.",
    },
  },
};

/** A group in the status of a trust: SUBSCRIPTION/GROUP has 127 characters at the most. */
export const groupScope: ObjectField = {
  type: "object",
  required: ["id", "name", "subscription", "resourceGroup"],
  properties: { id: { type: "string", maxLength: 127 }, ...group.properties },
};

const { clouds } = relyingParties.azure;

const placeOf = (one: JsonRecord): string =>
  groupId({ subscription: String(one["subscription"]), resourceGroup: String(one["resourceGroup"]) });

/** `spec` of an AzureTrust. */
export const azureTrustSpec: ObjectField = {
  type: "object",
  required: ["stack", "issuer", "tenant", "groups"],
  properties: {
    stack: {
      type: "string",
      pattern: "^[a-z]([a-z0-9-]*[a-z0-9])?$",
      maxLength: 63,
      fixed: "stack cannot be changed: it marks every identity and credential as this stack's",
      description: "The stack of the cluster. Identities and federated credentials carry it in their names.",
    },
    issuer: {
      type: "string",
      maxLength: maxIssuer,
      fixed: "issuer cannot be changed: every token and every federated credential names it",
      description: "The issuer, as tokens carry it.",
    },
    tenant: {
      ...guid("The tenant's id, in lower case."),
      fixed: "tenant cannot be changed: an identity is of one tenant alone",
    },
    cloud: {
      type: "string",
      enum: Object.keys(clouds),
      maxLength: 6,
      default: "public",
      fixed: "cloud cannot be changed: it says for which audience the federated credentials are",
      description: "Which of Microsoft's clouds the tenant is in.",
    },
    groups: {
      type: "array",
      items: group,
      minItems: 1,
      maxItems: 50,
      unique: "name",
      description: "The resource groups of the identities that may be bound.",
      rules: [
        {
          cel: "self.all(a, self.exists_one(b, a.subscription == b.subscription && a.resourceGroup.lowerAscii() == b.resourceGroup.lowerAscii()))",
          message: "two groups are the same resource group",
          holds: (groups) => new Set(groups.map(placeOf)).size === groups.length,
        },
      ],
    },
    grants: grantsField(grant),
  },
  rules: [
    issuerRule,
    grantsNameTheirs("groups", "name", "a grant names a group that the trust does not have"),
  ],
};
