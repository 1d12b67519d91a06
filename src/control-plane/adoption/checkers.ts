import { type JsonRecord, recordOf, textOf } from "../../core/base/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import { objectPages } from "../tokens/index.ts";

/**
 * Something in the cluster that is known to compare `iss` by itself, so that an API server's list of issuers
 * does not help.
 */
export interface IssuerChecker {
  readonly product: string;
  /** The object by which it was found: `MutatingWebhookConfiguration istio-sidecar-injector`. */
  readonly foundBy: string;
  readonly advice: string;
}

interface Product {
  readonly product: string;
  /** Names of webhook configurations. */
  readonly webhook: RegExp;
  /** `NAMESPACE/NAME` of Secrets. */
  readonly secret: RegExp;
  readonly advice: string;
}

const products: readonly Product[] = [
  {
    product: "Vault or OpenBao",
    webhook: /^(?:vault|openbao)(?:-|\.).*injector/u,
    secret: /^(?:vault|openbao)[^/]*\/(?:vault|openbao)/u,
    // https://developer.hashicorp.com/vault/docs/auth/kubernetes
    advice:
      "Look at issuer and disable_iss_validation of its kubernetes auth, and at bound_issuer of its JWT auth: they have to take the new issuer as well.",
  },
  {
    product: "Istio",
    webhook: /^(?:istio-|istiod-)/u,
    secret: /^istio-system\/(?:istio-ca-secret|cacerts)$/u,
    advice:
      "Its RequestAuthentication objects name issuers, and istiod keeps a JWK Set for twenty minutes: add the new issuer to those that name the old one.",
  },
  {
    product: "Rancher",
    webhook: /^rancher\.cattle\.io/u,
    secret: /^(?:cattle-system|cattle-impersonation-system)\//u,
    // https://github.com/rancher/rancher/issues/51195
    advice:
      "It keeps tokens of this cluster in Secrets of its own: look whether it reaches the cluster after the second pass.",
  },
];

const admission = "/apis/admissionregistration.k8s.io/v1";

const nameOf = (object: JsonRecord): string => {
  const { namespace, name } = recordOf(object["metadata"]);
  const [whose, own = ""] = [textOf(namespace), textOf(name)];
  return whose === undefined ? own : `${whose}/${own}`;
};

interface CheckerSource {
  readonly kind: string;
  readonly path: string;
  readonly right: string;
  readonly by: "webhook" | "secret";
}

const looks: readonly CheckerSource[] = [
  {
    kind: "MutatingWebhookConfiguration",
    path: `${admission}/mutatingwebhookconfigurations`,
    right: "list mutatingwebhookconfigurations.admissionregistration.k8s.io",
    by: "webhook",
  },
  {
    kind: "ValidatingWebhookConfiguration",
    path: `${admission}/validatingwebhookconfigurations`,
    right: "list validatingwebhookconfigurations.admissionregistration.k8s.io",
    by: "webhook",
  },
  { kind: "Secret", path: "/api/v1/secrets", right: "list secrets", by: "secret" },
];

/**
 * What is known to check issuers by itself, by the names of webhooks and Secrets; their contents are not read. Each product
 * once. Throws `cluster-*`.
 */
export async function readCheckers(
  api: KubernetesApi,
  signal: AbortSignal,
): Promise<readonly IssuerChecker[]> {
  const found = new Map<string, IssuerChecker>();
  for (const { kind, path, right, by } of looks) {
    const what = "see what else checks the issuer of tokens";
    const { kept } = await objectPages(
      api,
      { path, what, right, metadataOnly: true, keep: nameOf },
      { signal },
    );
    for (const { product, advice, [by]: pattern } of products) {
      const name = kept.find((one) => pattern.test(one));
      if (name !== undefined && !found.has(product))
        found.set(product, { product, foundBy: `${kind} ${name}`, advice });
    }
  }
  return [...found.values()];
}
