import { errorText, PodtrustError } from "../base/index.ts";
import { type ConnectTo, type HttpOptions, type HttpResponse, request } from "../http/index.ts";
import { parseDiscovery, parseIssuer, parseJwkSet } from "../oidc/index.ts";

/** How the issuer is reached from here, where it is not by public DNS and public roots. */
export interface OutsideWay {
  readonly connectTo?: readonly ConnectTo[];
  /** PEM certificates that the issuer's chain is verified with in place of the public roots. */
  readonly ca?: string;
}

/** The issuer as AWS will read it. */
export interface IssuerSeen {
  readonly discoveryUrl: string;
  readonly jwksUri: string;
  /** Public keys in the JWK Set that AWS can use. */
  readonly keys: number;
}

/** AWS gives an issuer five seconds a document (docs/reference/sts-rules.md). */
export const asAws: HttpOptions = { timeoutMs: 5000, maxBytes: 64 * 1024 };

function unreached(issuer: string, cause: unknown): PodtrustError {
  const next = cause instanceof PodtrustError && cause.code === "http-tls" ? { next: cause.next } : {};
  const sentence = `${issuer} cannot be read from outside: ${errorText(cause)}`;
  return new PodtrustError("issuer-unreached", sentence, { detail: { issuer }, cause, ...next });
}

async function fetched(url: string, options: HttpOptions): Promise<HttpResponse> {
  const response = await request(url, { ...asAws, ...options });
  if (response.status === 200) return response;
  throw new PodtrustError("issuer-unreached", `${url} answers with status ${response.status}`);
}

interface IssuerRead {
  readonly discoveryUrl: string;
  readonly jwksUri: string;
  readonly kids: readonly string[];
}

async function readIssuer(issuer: string, way: OutsideWay, signal: AbortSignal): Promise<IssuerRead> {
  const { discoveryUrl } = parseIssuer(issuer);
  const options = { ...way, signal };
  try {
    const discovery = parseDiscovery((await fetched(discoveryUrl, options)).body);
    if (discovery.issuer !== issuer) {
      const sentence = `${discoveryUrl} is the discovery document of ${discovery.issuer}`;
      throw new PodtrustError("discovery-invalid", sentence);
    }
    const { keys } = parseJwkSet((await fetched(discovery.jwksUri, options)).body);
    return { discoveryUrl, jwksUri: discovery.jwksUri, kids: keys.map(({ kid }) => kid) };
  } catch (error) {
    signal.throwIfAborted();
    throw unreached(issuer, error);
  }
}

/**
 * Reads discovery document and JWK Set by the issuer's name, as AWS will: over verified HTTPS, within AWS's
 * time, letter for letter the issuer's. Throws `issuer-unreached`.
 */
export async function seeIssuer(issuer: string, way: OutsideWay, signal: AbortSignal): Promise<IssuerSeen> {
  const { discoveryUrl, jwksUri, kids } = await readIssuer(issuer, way, signal);
  return { discoveryUrl, jwksUri, keys: kids.length };
}

/** The kids that are published, read as `seeIssuer` reads them, and where. Throws `issuer-unreached`. */
export async function publishedKids(
  issuer: string,
  way: OutsideWay,
  signal: AbortSignal,
): Promise<{ readonly jwksUri: string; readonly kids: ReadonlySet<string> }> {
  const { jwksUri, kids } = await readIssuer(issuer, way, signal);
  return { jwksUri, kids: new Set(kids) };
}

function isUnvouched(error: unknown): boolean {
  return error instanceof PodtrustError && error.detail["reason"] === "tls";
}

/** The thumbprint of one server, or undefined when the public roots vouch for it. */
async function thumbprintOf(url: string, way: OutsideWay, signal: AbortSignal): Promise<string | undefined> {
  const { ca = "", connectTo = [] } = way;
  const options = { ...asAws, connectTo, signal };
  try {
    await request(url, options);
    return undefined;
  } catch (error) {
    if (!isUnvouched(error)) throw error;
  }
  // Verified with the CA, Node adds its root to the chain, served or not. Asked again as AWS asks, without that
  // root, it gives what the server sent and nothing else; the last of it is what IAM calls the thumbprint.
  const verified = await request(url, { ...options, ca });
  const thumbprints = (verified.tls?.chain ?? []).map(({ sha1 }) => sha1);
  const served = await request(url, { ...options, thumbprints });
  return served.tls?.chain.at(-1)?.sha1;
}

/**
 * The thumbprints that an OIDC provider needs: none where the public roots vouch for the issuer, and for a
 * private CA the last certificate that each of its servers sends (IAM User Guide, "Obtain the thumbprint for an
 * OpenID Connect identity provider"). Without `ca` nothing is asked. Throws `issuer-unreached`.
 */
export async function privateThumbprints(
  issuer: string,
  way: OutsideWay,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  if (way.ca === undefined) return undefined;
  const { discoveryUrl, jwksUri } = await seeIssuer(issuer, way, signal);
  const differ = new URL(discoveryUrl).host !== new URL(jwksUri).host;
  const thumbprints = new Set<string>();
  try {
    for (const url of differ ? [jwksUri, discoveryUrl] : [jwksUri]) {
      const one = await thumbprintOf(url, way, signal);
      if (one !== undefined) thumbprints.add(one);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw unreached(issuer, error);
  }
  return thumbprints.size === 0 ? undefined : [...thumbprints];
}
