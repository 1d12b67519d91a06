import { defined } from "../../../core/base/index.ts";
import { apiGroup, bindingNames, type KindNames, trustNames, defaultProfile } from "../names.ts";
import { bindingSpec, maxName } from "../objects/binding-schema.ts";
import { trustSpec } from "../objects/trust-schema.ts";
import { type SchemaField, type ListField, type ObjectField, openApi } from "../schema/index.ts";

const text = (maxLength: number): SchemaField => ({ type: "string", maxLength });
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

const statusRoles: ListField = {
  type: "array",
  maxItems: 32,
  unique: "arn",
  items: {
    type: "object",
    required: ["profile", "arn"],
    properties: {
      profile: text(32),
      arn: text(2048),
      id: text(128),
      managed: { type: "boolean" },
    },
  },
};

// Nobody but podtrust writes a status, and always all of it. Without an account of who owns which field of it an object is
// half as large, and to write one costs the API server a third less.
const bindingStatus: ObjectField = {
  type: "object",
  atomic: true,
  properties: {
    observedGeneration: { type: "integer" },
    observedTrust: text(128),
    lastProof: time,
    changedAt: time,
    roles: statusRoles,
    pendingRoles: statusRoles,
    conditions,
  },
};

const trustStatus: ObjectField = {
  type: "object",
  atomic: true,
  properties: { observedGeneration: { type: "integer" }, bindings: { type: "integer" }, conditions },
};

interface PrintedColumns {
  readonly columns: readonly object[];
  readonly selectable?: readonly object[];
}

const ready = (column: string, member: string): object => ({
  name: column,
  type: "string",
  jsonPath: `.status.conditions[?(@.type=="Ready")].${member}`,
});

function crd(
  names: KindNames,
  spec: ObjectField,
  status: ObjectField,
  { columns, selectable }: PrintedColumns,
): object {
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
    // A release that goes would take every binding with it, when nobody is left to let go of their roles.
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

/** The CustomResourceDefinitions of bindings and trusts. */
export function bindingCrds(): readonly object[] {
  const age = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" };
  const proved = { name: "Proved", type: "date", jsonPath: ".status.lastProof", priority: 1 };
  const role = {
    name: "Role",
    type: "string",
    jsonPath: `.status.roles[?(@.profile=="${defaultProfile}")].arn`,
  };
  return [
    crd(bindingNames, bindingSpec, bindingStatus, {
      columns: [role, ready("Ready", "status"), ready("Reason", "reason"), proved, age],
      selectable: [{ jsonPath: ".spec.trust" }],
    }),
    crd(trustNames, trustSpec, trustStatus, {
      columns: [
        { name: "Issuer", type: "string", jsonPath: ".spec.issuer" },
        ready("Ready", "status"),
        ready("Reason", "reason"),
        age,
      ],
    }),
  ];
}
