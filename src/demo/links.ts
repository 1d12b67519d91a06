import { PodtrustError } from "../base/index.ts";
import { type HttpResponse, request } from "../http/index.ts";
import { parseDiscovery, parseJwkSet } from "../oidc/index.ts";
import type { Stage } from "./stage.ts";

// AWS's own bounds (docs/reference/sts-rules.md): five seconds a document.
const awsTimeout = 5000;
const awsBytes = 64 * 1024;

/** Fetches a document of the issuer as AWS does: by its name, over verified TLS. */
export async function fetchAsAws(stage: Stage, url: string): Promise<HttpResponse> {
  const options = {
    ca: stage.ca.root,
    connectTo: stage.connectTo,
    timeoutMs: awsTimeout,
    maxBytes: awsBytes,
  };
  const response = await request(url, options);
  if (response.status !== 200)
    throw new PodtrustError("demo-document-missing", `${url}: status ${response.status}`);
  return response;
}

function day(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10);
}

/** What each link outside AWS shows; each throws when it does not hold. */
export const outsideLinks = {
  async cluster(stage: Stage): Promise<string> {
    const { username } = await stage.cluster.selfSubject();
    const kind = stage.standIn === undefined ? "the cluster" : "the stand-in cluster";
    return `${kind} at ${stage.cluster.server}, as ${username}`;
  },

  async discovery(stage: Stage): Promise<string> {
    const response = await fetchAsAws(stage, stage.issuer.discoveryUrl);
    const document = parseDiscovery(response.body);
    if (document.issuer !== stage.issuer.url) {
      throw new PodtrustError(
        "demo-document-missing",
        `the discovery document says ${document.issuer}, not ${stage.issuer.url}`,
      );
    }
    return `${stage.issuer.discoveryUrl} names the issuer letter for letter`;
  },

  async jwks(stage: Stage): Promise<string> {
    const { keys } = parseJwkSet((await fetchAsAws(stage, stage.issuer.defaultJwksUri)).body);
    const list = keys.map((key) => `${key.alg} ${key.kid.slice(0, 12)}…`).join(", ");
    return `${stage.issuer.defaultJwksUri} holds ${keys.length} public key${keys.length === 1 ? "" : "s"}: ${list}`;
  },

  dns(stage: Stage): Promise<string> {
    const rule = stage.connectTo.find((one) => one.port === 443);
    return Promise.resolve(
      `${stage.issuer.host} port 443 leads to ${rule?.address}:${rule?.toPort} (stand-in for public DNS)`,
    );
  },

  async tls(stage: Stage): Promise<string> {
    const { tls } = await fetchAsAws(stage, stage.issuer.discoveryUrl);
    const leaf = tls?.chain[0];
    if (tls === undefined || leaf === undefined)
      throw new PodtrustError("demo-document-missing", "no certificate was served");
    return `${tls.protocol}; issued by ${leaf.issuer} over ACME HTTP-01, good until ${day(leaf.notAfter)}`;
  },

  async reachability(stage: Stage): Promise<string> {
    const both = await Promise.all(
      [stage.issuer.discoveryUrl, stage.issuer.defaultJwksUri].map((url) => fetchAsAws(stage, url)),
    );
    const types = both.map((response) => response.headers["content-type"]).join(" and ");
    return `200 twice over verified HTTPS, ${types}, ${both[0]?.headers["cache-control"]}`;
  },
} as const;
