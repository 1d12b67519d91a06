import { PodtrustError } from "../base/index.ts";
import { type HttpResponse, request } from "../http/index.ts";
import { type DiscoveryDocument, parseDiscovery, parseJwkSet } from "../oidc/index.ts";
import type { Stage } from "./stage.ts";

// AWS's own bounds (docs/reference/sts-rules.md): five seconds a document.
const awsTimeout = 5000;
const awsBytes = 64 * 1024;

/** Fetches a document of the issuer as AWS does: by its name, over verified TLS. */
async function fetchAsAws(stage: Stage, url: string): Promise<HttpResponse> {
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

async function discoveryOf(stage: Stage): Promise<{ response: HttpResponse; document: DiscoveryDocument }> {
  const response = await fetchAsAws(stage, stage.issuer.discoveryUrl);
  return { response, document: parseDiscovery(response.body) };
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
    const { document } = await discoveryOf(stage);
    if (document.issuer !== stage.issuer.url) {
      throw new PodtrustError(
        "demo-document-missing",
        `the discovery document says ${document.issuer}, not ${stage.issuer.url}`,
      );
    }
    return `${stage.issuer.discoveryUrl} names the issuer letter for letter`;
  },

  async jwks(stage: Stage): Promise<string> {
    const { jwksUri } = (await discoveryOf(stage)).document;
    const { keys } = parseJwkSet((await fetchAsAws(stage, jwksUri)).body);
    const list = keys.map((key) => `${key.alg} ${key.kid.slice(0, 12)}…`).join(", ");
    return `${jwksUri} holds ${keys.length} public key${keys.length === 1 ? "" : "s"}: ${list}`;
  },

  dns(stage: Stage): Promise<string> {
    const { host } = stage.issuer;
    const rule = stage.connectTo.find((one) => one.host === host.toLowerCase() && one.port === 443);
    if (rule === undefined)
      return Promise.reject(new PodtrustError("demo-document-missing", `${host} leads nowhere`));
    const where = `${rule.address}:${rule.toPort}`;
    return Promise.resolve(`${host} port 443 leads to ${where} (stand-in for public DNS)`);
  },

  async tls(stage: Stage): Promise<string> {
    const { tls } = (await discoveryOf(stage)).response;
    const leaf = tls?.chain[0];
    if (tls === undefined || leaf === undefined)
      throw new PodtrustError("demo-document-missing", "no certificate was served");
    return `${tls.protocol}; its certificate came over ACME HTTP-01 from ${leaf.issuer}, good until ${day(leaf.notAfter)}`;
  },

  async reachability(stage: Stage): Promise<string> {
    const { response, document } = await discoveryOf(stage);
    const both = [response, await fetchAsAws(stage, document.jwksUri)];
    const types = both.map(({ headers }) => headers["content-type"]).join(" and ");
    const caching = response.headers["cache-control"];
    return `both come with status 200 over verified HTTPS, as ${types}; Cache-Control: ${caching}`;
  },
} as const;
