import { apiGroup, bindingNames, releaseVerb, trustNames } from "../names.ts";
import type { OperatorIdentity } from "./operator-guards.ts";

const rbac = "rbac.authorization.k8s.io";

/** A rule of RBAC. */
export interface RbacRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** All that reconciling bindings takes in the cluster; the guards hold some of it to less. */
const reconcileRules: readonly RbacRule[] = [
  {
    apiGroups: [apiGroup],
    resources: [bindingNames.plural, trustNames.plural],
    verbs: ["get", "list", "watch", "patch"],
  },
  { apiGroups: [apiGroup], resources: [bindingNames.plural], verbs: [releaseVerb] },
  {
    apiGroups: [apiGroup],
    resources: [`${bindingNames.plural}/status`, `${trustNames.plural}/status`],
    verbs: ["patch"],
  },
  // No create: server-side apply would bring a deleted ServiceAccount back.
  { apiGroups: [""], resources: ["serviceaccounts"], verbs: ["get", "list", "watch", "patch"] },
  { apiGroups: [""], resources: ["serviceaccounts/token"], verbs: ["create"] },
];

const role = (name: string, rules: readonly RbacRule[], labels: object = {}): object => ({
  apiVersion: `${rbac}/v1`,
  kind: "ClusterRole",
  metadata: { name, labels },
  rules,
});

/** What people may do with bindings of their namespaces, joined to the roles view, edit and admin. */
export function tenantRights(): readonly object[] {
  const aggregated = (to: string): object => ({ [`${rbac}/aggregate-to-${to}`]: "true" });
  const bindings = { apiGroups: [apiGroup], resources: [bindingNames.plural] };
  return [
    role("podtrust-bindings-view", [{ ...bindings, verbs: ["get", "list", "watch"] }], aggregated("view")),
    role(
      "podtrust-bindings-edit",
      [{ ...bindings, verbs: ["create", "update", "patch", "delete", "deletecollection"] }],
      aggregated("edit"),
    ),
    // Bound to nobody: a trust says of every namespace what it may.
    role("podtrust-trusts-view", [
      { apiGroups: [apiGroup], resources: [trustNames.plural], verbs: ["get", "list", "watch"] },
    ]),
  ];
}

/** The rights of whoever reconciles bindings. */
export function reconcileRights({ namespace, name }: OperatorIdentity): readonly object[] {
  const metadata = { name: "podtrust-bindings" };
  return [
    role(metadata.name, reconcileRules),
    {
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRoleBinding",
      metadata,
      roleRef: { apiGroup: rbac, kind: "ClusterRole", name: metadata.name },
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    },
  ];
}
