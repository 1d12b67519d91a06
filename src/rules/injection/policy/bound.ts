import type { JsonRecord } from "../../../core/base/index.ts";
import { literal } from "./cel.ts";

/**
 * Where the API server reads ServiceAccounts themselves, it converts the whole pod for each of them: what a pod costs
 * is their number times its size. So that mode applies in namespaces that are labelled, which takes rights over
 * namespaces, and in those a ResourceQuota bounds their number. The right to write inside a namespace allows changing
 * neither.
 */
export const namespaceLabel = { key: "podtrust.dev/injection", value: "serviceaccounts" } as const;

/** Of ServiceAccounts in a namespace of that mode. */
export const maxServiceAccounts = 50;

const quotaName = "podtrust-injection";
const counted = "count/serviceaccounts";
export const boundPolicyName = "podtrust-injection-quota";

/** The namespaces of the mode. */
export const namespaceSelector = { matchLabels: { [namespaceLabel.key]: namespaceLabel.value } };

/** The ResourceQuota that a namespace of the mode needs. */
export function serviceAccountQuota(namespace: string, labels: JsonRecord): JsonRecord {
  return {
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: { name: quotaName, namespace, labels },
    spec: { hard: { [counted]: String(maxServiceAccounts) } },
  };
}

/** In a namespace of the mode no ServiceAccount can be created unless that ResourceQuota exists and is small enough. */
export function boundPolicies(labels: JsonRecord): readonly JsonRecord[] {
  const metadata = { name: boundPolicyName, labels };
  const hard = `params.spec.?hard[?${literal(counted)}]`;
  const spec = {
    failurePolicy: "Fail",
    paramKind: { apiVersion: "v1", kind: "ResourceQuota" },
    matchConstraints: {
      resourceRules: [
        { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["serviceaccounts"] },
      ],
    },
    validations: [
      {
        expression: `${hard}.hasValue() && quantity(string(${hard}.value())).compareTo(quantity(${literal(String(maxServiceAccounts))})) <= 0`,
        message:
          `podtrust: the namespace has the label ${namespaceLabel.key}=${namespaceLabel.value}, so its ResourceQuota ` +
          `${quotaName} has to hold ${counted} to ${maxServiceAccounts} at most`,
      },
    ],
  };
  // Where there is no such quota the API server says so under the policy's name, which says what is missing.
  const paramRef = { name: quotaName, parameterNotFoundAction: "Deny" };
  const apiVersion = "admissionregistration.k8s.io/v1";
  return [
    { apiVersion, kind: "ValidatingAdmissionPolicy", metadata, spec },
    {
      apiVersion,
      kind: "ValidatingAdmissionPolicyBinding",
      metadata,
      spec: {
        policyName: boundPolicyName,
        validationActions: ["Deny"],
        paramRef,
        matchResources: { namespaceSelector },
      },
    },
  ];
}
