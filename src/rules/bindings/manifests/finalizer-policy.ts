import { apiGroup, type PartyNames } from "../names/index.ts";

const apiVersion = "admissionregistration.k8s.io/v1";

/**
 * Has the API server itself add the finalizer to a new binding, so that there is no moment in which it could be deleted
 * without its roles and annotations, and the operator has one thing less to write (MutatingAdmissionPolicy, Kubernetes
 * 1.36). It also restores one that a change leaves out, as `kubectl replace` does. Where the policy did not act, the
 * operator does so before it makes a role.
 */
export function finalizerPolicy({ binding, finalizer, suffix }: PartyNames): readonly object[] {
  const metadata = { name: `podtrust-bindings-finalizer${suffix}` };
  const rule = {
    apiGroups: [apiGroup],
    apiVersions: ["*"],
    operations: ["CREATE", "UPDATE"],
    resources: [binding.plural],
  };
  const expression = `Object{metadata: Object.metadata{finalizers: ["${finalizer}"]}}`;
  return [
    {
      apiVersion,
      kind: "MutatingAdmissionPolicy",
      metadata,
      spec: {
        failurePolicy: "Ignore",
        reinvocationPolicy: "Never",
        matchConstraints: { resourceRules: [rule] },
        matchConditions: [{ name: "stays", expression: "!has(object.metadata.deletionTimestamp)" }],
        mutations: [{ patchType: "ApplyConfiguration", applyConfiguration: { expression } }],
      },
    },
    {
      apiVersion,
      kind: "MutatingAdmissionPolicyBinding",
      metadata,
      spec: { policyName: metadata.name },
    },
  ];
}
