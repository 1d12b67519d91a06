import { renderDiscovery } from "../../rules/oidc/index.ts";
import { type PublicJwk, renderJwkSet } from "../../rules/keys/index.ts";
import { discoveryPath } from "./access.ts";
import type { ClusterFault } from "./types.ts";

export interface RenderedDocument {
  readonly type: string;
  readonly body: string;
}

export interface Documents {
  readonly issuer: string;
  readonly jwksUri: string;
  /** What the queried API server publishes. */
  readonly keys: readonly PublicJwk[];
}

function discovery({ issuer, jwksUri, keys }: Documents, fault: ClusterFault | undefined): RenderedDocument {
  const body = renderDiscovery({
    issuer: fault === "wrong-issuer" ? "https://somebody-else.example.com" : issuer,
    jwksUri,
    algorithms: keys.map((key) => key.alg),
  });
  return { type: "application/json", body };
}

/**
 * One of the two documents as Kubernetes renders it (k8s.io/kubernetes pkg/serviceaccount/openidmetadata.go), or
 * undefined if it would not serve them: both URLs have to be https.
 */
export function issuerDocument(
  path: string,
  documents: Documents,
  fault: ClusterFault | undefined,
): RenderedDocument | undefined {
  if (![documents.issuer, documents.jwksUri].every((url) => url.startsWith("https://"))) return undefined;
  if (fault === "nonsense") return { type: "text/html", body: "<html>It works!</html>" };
  if (path === discoveryPath) return discovery(documents, fault);
  const body = fault === "empty-jwks" ? '{"keys":[]}' : renderJwkSet(documents.keys);
  return { type: "application/jwk-set+json", body };
}
