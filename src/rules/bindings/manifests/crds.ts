import { defined } from "../../../core/base/index.ts";
import { apiGroup } from "../names/index.ts";
import { maxName } from "../objects/forms.ts";
import type { SchemaField, ListField, ObjectField } from "../schema/field.ts";
import { openApi } from "../schema/open-api.ts";
import type { KindDefinition } from "./party.ts";

export const text = (maxLength: number): SchemaField => ({ type: "string", maxLength });
const time: SchemaField = { type: "string", format: "date-time", maxLength: 64 };

// metav1.Condition's bounds (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/).
const conditions: ListField = {
  type: "array",
  maxItems: 16,
  unique: "type",
  items: {
    type: "object",
    required: ["type", "status", "reason", "message", "lastTransitionTime"],
    properties: {
      type: text(64),
      status: { type: "string", maxLength: 16, enum: ["True", "False", "Unknown"] },
      reason: text(128),
      message: text(32_768),
      lastTransitionTime: time,
      observedGeneration: { type: "integer" },
    },
  },
};

/**
 * The status of a binding, with `more` of its relying party's own. Only podtrust writes it, and always all of it:
 * without field ownership an object is half as large, and writing one costs the API server a third less.
 */
export const bindingStatus = (more: ObjectField["properties"]): ObjectField => ({
  type: "object",
  atomic: true,
  properties: {
    observedGeneration: { type: "integer" },
    observedTrust: text(128),
    lastProof: time,
    changedAt: time,
    ...more,
    conditions,
  },
});

/** The status of a trust, likewise. */
export const trustStatus = (more: ObjectField["properties"]): ObjectField => ({
  type: "object",
  atomic: true,
  properties: {
    observedGeneration: { type: "integer" },
    bindings: { type: "integer" },
    ...more,
    conditions,
  },
});

/** A column of a member of the condition Ready. */
export const readyColumn = (column: string, member: string): object => ({
  name: column,
  type: "string",
  jsonPath: `.status.conditions[?(@.type=="Ready")].${member}`,
});

export const age = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" };
export const proved = { name: "Proved", type: "date", jsonPath: ".status.lastProof", priority: 1 };

/** The CustomResourceDefinition of a kind. */
export function crd({ names, spec, status, columns, selectable }: KindDefinition): object {
  const { kind, plural, singular, scope, shortNames } = names;
  const named = {
    cel: `size(self.metadata.name) <= ${maxName}`,
    message: `metadata.name is longer than ${maxName} characters`,
  };
  const whole: ObjectField = {
    type: "object",
    required: ["spec"],
    properties: { spec, status },
    rules: [named],
  };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    // A release that goes would take every binding with it, when nothing is left to release their roles.
    metadata: { name: `${plural}.${apiGroup}`, annotations: { "helm.sh/resource-policy": "keep" } },
    spec: {
      group: apiGroup,
      scope,
      names: {
        kind,
        plural,
        singular,
        categories: ["podtrust"],
        ...defined({ shortNames }),
      },
      versions: [
        {
          name: "v1alpha1",
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns,
          ...defined({ selectableFields: selectable }),
          schema: { openAPIV3Schema: openApi(whole) },
        },
      ],
    },
  };
}
