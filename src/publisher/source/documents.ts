import { createHash } from "node:crypto";
import { renderDiscovery } from "../../rules/oidc/index.ts";
import { renderJwkSet } from "../../rules/keys/index.ts";
import type { PublishedUrls } from "./judge.ts";
import { type KeyRing, publishedKeys } from "./keys.ts";

/** The two documents of an issuer as they are served. */
export interface PublishedDocuments {
  readonly discovery: string;
  readonly jwks: string;
  /** SHA-256 of the JWK Set, hex. */
  readonly jwksDigest: string;
}

/** Renders what a ring of keys makes public; undefined if it publishes none. */
export function renderDocuments(ring: KeyRing, names: PublishedUrls): PublishedDocuments | undefined {
  const keys = publishedKeys(ring);
  if (keys.length === 0) return undefined;
  const jwks = renderJwkSet(keys);
  const discovery = renderDiscovery({ ...names, algorithms: keys.map((key) => key.alg) });
  return { discovery, jwks, jwksDigest: createHash("sha256").update(jwks).digest("hex") };
}
