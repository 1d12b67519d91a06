import { type DocumentReading, type IssuerRoute, readDocument, readIssuer } from "./read.ts";
import { failed } from "./judge.ts";
import { seenOf, unreached } from "./see.ts";

/** The thumbprint of what a server presents to a client without its root; undefined if public roots vouch for it. */
function thumbprintOf(issuer: string, reading: DocumentReading): string | undefined {
  if (reading.outcome === "answered") return undefined;
  const finding = failed(reading);
  const last = reading.exchange.tls?.chain.at(-1);
  if (finding.reason !== "CertificateUntrusted" || last === undefined) throw unreached(issuer, finding);
  return last.sha1;
}

/**
 * The thumbprints that an OIDC provider needs: none if the public roots vouch for the issuer, and for a private CA the
 * last certificate that each of its servers sends (IAM User Guide, "Obtain the thumbprint for an OpenID Connect
 * identity provider"). Without `ca` no request is made. Throws `issuer-unreached`.
 */
export async function privateThumbprints(
  issuer: string,
  route: IssuerRoute,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  if (route.ca === undefined) return undefined;
  const { discoveryUrl, jwksUri } = seenOf(await readIssuer(issuer, { route, signal }));
  // With the CA, Node adds its root to the chain, served or not. Without it, as AWS asks, Node returns only what the
  // server sent; its last certificate is the one that IAM's thumbprint is of.
  const { connectTo = [] } = route;
  const differ = new URL(discoveryUrl).host !== new URL(jwksUri).host;
  const thumbprints = new Set<string>();
  for (const url of differ ? [jwksUri, discoveryUrl] : [jwksUri]) {
    const reading = await readDocument("jwks", url, { route: { connectTo }, signal });
    const one = thumbprintOf(issuer, reading);
    if (one !== undefined) thumbprints.add(one);
  }
  return thumbprints.size === 0 ? undefined : [...thumbprints];
}
