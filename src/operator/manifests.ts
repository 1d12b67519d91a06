import { mapped } from "../core/base/index.ts";
import { accountAnnotations, injectionMaps } from "../rules/injection/index.ts";
import {
  accountMetadata,
  accountSettings,
  checkedName,
  checkedNamespace,
  operatorKeysSecret,
  type PodSettings,
  roleObjects,
} from "../providers/kubernetes/index.ts";
import { canaryAccount } from "./operator.ts";
import { webhookObjects, webhookRules, type WebhookSpec } from "./webhook/manifests.ts";

/** The Secret in its namespace that records which keys the cluster had. */
export const keysSecret: string = operatorKeysSecret.name;

/** What rights to print. */
export interface OperatorRights {
  readonly namespace: string;
  /** Name of ServiceAccount, roles and policy. */
  readonly name: string;
  /** Lets it evict pods. */
  readonly evict: boolean;
  /** Lets it inject with a webhook, and adds the webhook's objects. */
  readonly webhook?: Pick<WebhookSpec, "failurePolicy">;
  /** Lets it keep the ConfigMaps of the policies of the mode `configmap`. */
  readonly configMaps?: boolean;
  /** Lets it record the cluster's keys, which it uploads. */
  readonly keys?: boolean;
  /** Name of the ConfigMap with the role map, which it may read; absent or empty for none. */
  readonly roleMap?: string;
  /** Settings of the pods that run with these rights, if they run in the cluster. */
  readonly pods?: PodSettings;
}

const rbac = "rbac.authorization.k8s.io";
const rbacVersion = `${rbac}/v1`;
const admissionVersion = "admissionregistration.k8s.io/v1";
/** Of an account that does not exist: no trial uses it. */
const canaryRole = "arn:aws:iam::000000000000:role/podtrust-canary";

/** Labels of the operator's pods. */
const podLabels = { "app.kubernetes.io/name": "podtrust-operator" } as const;

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** To evict a pod, and to check first, by its owner's template, whether the next one would be the same. */
const evictionRules: readonly Rule[] = [
  { apiGroups: [""], resources: ["pods/eviction"], verbs: ["create"] },
  { apiGroups: [""], resources: ["replicationcontrollers"], verbs: ["get"] },
  { apiGroups: ["apps"], resources: ["replicasets", "statefulsets", "daemonsets"], verbs: ["get"] },
];

/**
 * One name per relying party in each namespace. They are created by server-side apply, whose create right can be
 * limited to a name.
 */
const configMapRule: Rule = {
  apiGroups: [""],
  resources: ["configmaps"],
  resourceNames: injectionMaps.map(({ configMap }) => configMap),
  verbs: ["get", "list", "watch", "patch", "create", "delete"],
};

/** In all namespaces: reads what injection depends on, and writes Events on it. */
const clusterRules = ({ evict, webhook, configMaps }: OperatorRights): readonly Rule[] => [
  { apiGroups: [""], resources: ["serviceaccounts", "namespaces", "pods"], verbs: ["get", "list", "watch"] },
  { apiGroups: ["events.k8s.io"], resources: ["events"], verbs: ["create", "get", "update"] },
  ...(evict ? evictionRules : []),
  ...(webhook === undefined ? [] : webhookRules.cluster),
  ...(configMaps === true ? [configMapRule] : []),
];

/** In its own namespace: its lease, and trial pods, which the policy constrains. */
const ownRules = (name: string, { webhook, keys, roleMap = "" }: OperatorRights): readonly Rule[] => [
  { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["create"] },
  {
    apiGroups: ["coordination.k8s.io"],
    resources: ["leases"],
    resourceNames: [name],
    verbs: ["get", "update"],
  },
  { apiGroups: [""], resources: ["pods"], verbs: ["create"] },
  ...(webhook === undefined ? [] : webhookRules.own),
  ...(keys === true
    ? [{ apiGroups: [""], resources: ["secrets"], resourceNames: [keysSecret], verbs: ["get", "update"] }]
    : []),
  ...(roleMap === ""
    ? []
    : [
        {
          apiGroups: [""],
          resources: ["configmaps"],
          resourceNames: [checkedName(roleMap)],
          verbs: ["get", "list", "watch"],
        },
      ]),
];

/**
 * Anyone who may create a pod gets what its namespace's ServiceAccounts and Secrets have: so only trial pods, which are
 * not kept.
 */
function trialPolicy({ namespace, name }: OperatorRights): readonly object[] {
  const metadata = { name: `${name}-pods` };
  return [
    {
      apiVersion: admissionVersion,
      kind: "ValidatingAdmissionPolicy",
      metadata,
      spec: {
        failurePolicy: "Fail",
        matchConstraints: {
          resourceRules: [
            { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] },
          ],
        },
        matchConditions: [
          {
            name: "the-operator",
            expression: `request.userInfo.username == "system:serviceaccount:${namespace}:${name}"`,
          },
        ],
        validations: [
          {
            expression: "has(request.dryRun) && request.dryRun",
            message: "the operator makes pods for trial only (dry run)",
            reason: "Forbidden",
          },
        ],
      },
    },
    {
      apiVersion: admissionVersion,
      kind: "ValidatingAdmissionPolicyBinding",
      metadata,
      spec: { policyName: metadata.name, validationActions: ["Deny"] },
    },
  ];
}

/**
 * The namespace, ServiceAccounts and rights of the operator, and the policy that narrows them further than RBAC can.
 * The policy comes before the rights that it narrows. Throws `usage` for names that Kubernetes does not take.
 */
export function operatorManifests(spec: OperatorRights): readonly object[] {
  const { webhook } = spec;
  const [namespace, name] = [checkedNamespace(spec.namespace), checkedName(spec.name)];
  const annotations = { [accountAnnotations["role-arn"]]: canaryRole };
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name, namespace, ...mapped(spec.pods, accountMetadata) },
      ...mapped(spec.pods, accountSettings),
    },
    {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: canaryAccount, namespace, annotations },
      automountServiceAccountToken: false,
    },
    ...trialPolicy(spec),
    { apiVersion: rbacVersion, kind: "ClusterRole", metadata: { name }, rules: clusterRules(spec) },
    {
      apiVersion: rbacVersion,
      kind: "ClusterRoleBinding",
      metadata: { name },
      roleRef: { apiGroup: rbac, kind: "ClusterRole", name },
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    },
    // `create` cannot be limited to a name: so the Secret is made here, empty.
    ...(spec.keys === true
      ? [{ apiVersion: "v1", kind: "Secret", metadata: { name: keysSecret, namespace }, type: "Opaque" }]
      : []),
    ...roleObjects({ name, namespace }, name, ownRules("podtrust-operator", spec)),
    ...(webhook === undefined ? [] : webhookObjects({ ...webhook, namespace, podLabels })),
  ];
}
