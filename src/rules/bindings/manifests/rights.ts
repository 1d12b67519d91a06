import { apiGroup, type PartyNames, releaseVerb } from "../names/index.ts";
import type { OperatorIdentity } from "./operator-guards.ts";

const rbac = "rbac.authorization.k8s.io";

/** A rule of RBAC. */
export interface RbacRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** The plural names of the kinds of some relying parties, as in paths and rights. */
interface Plurals {
  readonly bindings: readonly string[];
  readonly trusts: readonly string[];
}

const pluralsOf = (parties: readonly PartyNames[]): Plurals => ({
  bindings: parties.map(({ binding }) => binding.plural),
  trusts: parties.map(({ trust }) => trust.plural),
});

/** All rights that reconciling bindings needs in the cluster; the guards narrow some of them. */
const reconcileRules = ({ bindings, trusts }: Plurals): readonly RbacRule[] => [
  {
    apiGroups: [apiGroup],
    resources: [...bindings, ...trusts],
    verbs: ["get", "list", "watch", "patch"],
  },
  { apiGroups: [apiGroup], resources: bindings, verbs: [releaseVerb] },
  {
    apiGroups: [apiGroup],
    resources: [...bindings, ...trusts].map((one) => `${one}/status`),
    verbs: ["patch"],
  },
  // No create: server-side apply would bring a deleted ServiceAccount back.
  { apiGroups: [""], resources: ["serviceaccounts"], verbs: ["get", "list", "watch", "patch"] },
  { apiGroups: [""], resources: ["serviceaccounts/token"], verbs: ["create"] },
];

const role = (name: string, rules: readonly RbacRule[], more: object = {}): object => ({
  apiVersion: `${rbac}/v1`,
  kind: "ClusterRole",
  metadata: { name, ...more },
  rules,
});

/** What people may do with bindings of their namespaces, joined to the roles view, edit and admin. */
export function tenantRights(parties: readonly PartyNames[]): readonly object[] {
  const plurals = pluralsOf(parties);
  const aggregated = (to: string): object => ({ labels: { [`${rbac}/aggregate-to-${to}`]: "true" } });
  const bindings = { apiGroups: [apiGroup], resources: plurals.bindings };
  return [
    role("podtrust-bindings-view", [{ ...bindings, verbs: ["get", "list", "watch"] }], aggregated("view")),
    role(
      "podtrust-bindings-edit",
      [{ ...bindings, verbs: ["create", "update", "patch", "delete", "deletecollection"] }],
      aggregated("edit"),
    ),
    // Bound to no subject: a trust shows what every namespace may do.
    role("podtrust-trusts-view", [
      { apiGroups: [apiGroup], resources: plurals.trusts, verbs: ["get", "list", "watch"] },
    ]),
  ];
}

/** The rights of a reconciler of bindings. */
export function reconcileRights(
  { namespace, name }: OperatorIdentity,
  parties: readonly PartyNames[],
): readonly object[] {
  const metadata = { name: "podtrust-bindings" };
  return [
    role(metadata.name, reconcileRules(pluralsOf(parties))),
    {
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRoleBinding",
      metadata,
      roleRef: { apiGroup: rbac, kind: "ClusterRole", name: metadata.name },
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    },
  ];
}
