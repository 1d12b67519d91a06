import { isRecord } from "../../../core/base/index.ts";
import { partyNames } from "../names/index.ts";
import { label, trustField } from "../objects/forms.ts";
import type { ObjectField } from "../schema/field.ts";
import { identityName, resourceId } from "./forms.ts";

const group = {
  ...label(63),
  description: "A group of the trust; may be left out where the trust has one only.",
} as const;

const existing: ObjectField = {
  type: "object",
  description:
    "An identity that podtrust did not make: it adds one federated credential to it, and changes nothing else.",
  properties: { resourceId, name: identityName, group },
  rules: [
    {
      cel: "has(self.resourceId) != has(self.name)",
      message: "an identity is named by its resourceId or by its name: give exactly one of the two",
      holds: (self) => (self["resourceId"] === undefined) !== (self["name"] === undefined),
    },
    {
      cel: "!has(self.group) || has(self.name)",
      message: "a resourceId has its group in it: leave group out",
      holds: (self) => self["group"] === undefined || self["name"] !== undefined,
    },
  ],
};

/** `spec` of an AzureIdentityBinding. */
export const azureBindingSpec: ObjectField = {
  type: "object",
  properties: {
    trust: trustField(partyNames.azure.trust.kind),
    existing,
    managed: {
      type: "object",
      description:
        "An identity that podtrust makes, for this ServiceAccount alone, and that goes with the binding.",
      properties: { group },
    },
  },
  rules: [
    {
      cel: "has(self.existing) != has(self.managed)",
      message: "an identity is managed or existing: give exactly one of the two",
      holds: (self) => isRecord(self["existing"]) !== isRecord(self["managed"]),
    },
  ],
};
