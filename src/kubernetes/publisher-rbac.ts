import { checkedName, checkedNamespace } from "./names.ts";

export interface PublisherRbac {
  /** Namespace of the publisher's ServiceAccount; podtrust unless told. */
  readonly namespace?: string;
  /** Name of ServiceAccount, ClusterRole and binding; podtrust-publisher unless told. */
  readonly name?: string;
}

/**
 * The YAML that gives a ServiceAccount the two paths that the publisher reads, and nothing else.
 *
 * Throws PodtrustError `usage` for a name that Kubernetes would not take.
 */
export function publisherRbac(options: PublisherRbac = {}): string {
  const namespace = checkedNamespace(options.namespace ?? "podtrust");
  const name = checkedName(options.name ?? "podtrust-publisher");
  return `# All that podtrust's publisher may do in the cluster: read the discovery document and the JWK Set.
# Both hold public keys only. Apply with: kubectl apply -f FILE
apiVersion: v1
kind: Namespace
metadata:
  name: ${namespace}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: ${name}
  namespace: ${namespace}
# A publisher outside the cluster needs no token in a pod, and one inside asks for its own volume.
automountServiceAccountToken: false
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: ${name}
rules:
  - nonResourceURLs:
      - /.well-known/openid-configuration
      - /openid/v1/jwks
    verbs:
      - get
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: ${name}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: ${name}
subjects:
  - kind: ServiceAccount
    name: ${name}
    namespace: ${namespace}
`;
}

/** The same as one object of kind List, which kubectl applies as well. */
export async function publisherRbacList(options: PublisherRbac = {}): Promise<object> {
  const { parseAllDocuments } = await import("yaml");
  const items = parseAllDocuments(publisherRbac(options)).map((document) => document.toJSON() as object);
  return { apiVersion: "v1", kind: "List", items };
}
