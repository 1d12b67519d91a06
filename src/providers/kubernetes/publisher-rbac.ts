import { roleObjects } from "./role-objects.ts";
import { mapped } from "../../core/base/index.ts";
import { yamlText } from "../../core/yaml/index.ts";
import type { PodSettings } from "../../config/index.ts";
import { checkedName, checkedNamespace } from "./names.ts";
import { accountMetadata, accountSettings } from "./replicas.ts";

export interface PublisherRbac {
  /** Namespace of the publisher's ServiceAccount; podtrust by default. */
  readonly namespace?: string;
  /** Name of ServiceAccount, ClusterRole and binding; podtrust-publisher by default. */
  readonly name?: string;
  /** Lets it make tokens for itself, so that one on a machine outside the cluster renews its own. */
  readonly renewToken?: boolean;
  /** A Secret of that namespace in which it keeps what was distrusted (`publisher.distrustSecret`). */
  readonly distrustSecret?: string;
  /** Settings of the pods that run as it, where it runs in the cluster. */
  readonly pods?: PodSettings;
}

const rbac = "rbac.authorization.k8s.io";

/** Namespace, ServiceAccount and rights, as objects. Throws PodtrustError `usage` for a name that Kubernetes would not take. */
export function publisherRbacObjects(options: PublisherRbac = {}): readonly object[] {
  const namespace = checkedNamespace(options.namespace ?? "podtrust");
  const name = checkedName(options.name ?? "podtrust-publisher");
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name, namespace, ...mapped(options.pods, accountMetadata) },
      automountServiceAccountToken: false,
      ...mapped(options.pods, accountSettings),
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRole",
      metadata: { name },
      rules: [{ nonResourceURLs: ["/.well-known/openid-configuration", "/openid/v1/jwks"], verbs: ["get"] }],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRoleBinding",
      metadata: { name },
      roleRef: { apiGroup: rbac, kind: "ClusterRole", name },
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    },
    ...(options.renewToken === true ? renewal(namespace, name) : []),
    ...(options.distrustSecret === undefined ? [] : distrusts(namespace, name, options.distrustSecret)),
  ];
}

/** One Secret by its name: `create` cannot be limited to a name, so the Secret is made here. */
function distrusts(namespace: string, account: string, secret: string): readonly object[] {
  const name = checkedName(secret);
  const rule = { apiGroups: [""], resources: ["secrets"], resourceNames: [name], verbs: ["get", "update"] };
  return [
    { apiVersion: "v1", kind: "Secret", metadata: { name, namespace }, type: "Opaque" },
    ...roleObjects({ name: `${account}-distrusted`, namespace }, account, [rule]),
  ];
}

/** A token for itself alone: `resourceNames` applies to the subresource too. */
function renewal(namespace: string, name: string): readonly object[] {
  const rule = {
    apiGroups: [""],
    resources: ["serviceaccounts/token"],
    resourceNames: [name],
    verbs: ["create"],
  };
  return roleObjects({ name: `${name}-token`, namespace }, name, [rule]);
}

/**
 * The YAML that gives a ServiceAccount the two paths that the publisher reads, and nothing else except what is asked
 * for.
 *
 * Throws PodtrustError `usage` for a name that Kubernetes would not take.
 */
export function publisherRbac(options: PublisherRbac = {}): string {
  const renew = options.renewToken === true ? ",\n# and make tokens for its own ServiceAccount" : "";
  const { distrustSecret } = options;
  const keep =
    distrustSecret === undefined
      ? ""
      : `,\n# and keep the keys that were distrusted in the Secret ${distrustSecret}`;
  return `# All that podtrust's publisher may do in the cluster: read the discovery document and the JWK Set${renew}${keep}.
# Both hold public keys only. A publisher outside the cluster needs no token in a pod, and one inside asks for its own
# volume, so the ServiceAccount mounts none. Apply with: kubectl apply -f FILE
${publisherRbacObjects(options).map(yamlText).join("---\n")}`;
}

/** The same as one object of kind List, which kubectl applies as well. Throws as `publisherRbac` does. */
export function publisherRbacList(options: PublisherRbac = {}): object {
  return { apiVersion: "v1", kind: "List", items: publisherRbacObjects(options) };
}
