import { errorText, isRecord, PodtrustError } from "../../core/base/index.ts";
import { parseDiscovery, readDocument, shown } from "../oidc/index.ts";
import type { Jwk } from "./key-checks.ts";
import { tried } from "./tried.ts";

/** What the issuer serves, or why it could not be had. `reason` is a word of src/core/http, `status` or `invalid`. */
export type IssuerDocuments =
  | {
      readonly ok: true;
      readonly discovery: string;
      readonly jwks: string;
      /** The SHA-1 of each certificate of the servers that a CA of the caller's vouches for and no public root does. */
      readonly privateChains?: readonly (readonly string[])[];
    }
  | {
      readonly ok: false;
      readonly at: "discovery" | "jwks";
      readonly reason: string;
      readonly detail: string;
    };

/** More than any set that a vendor takes. */
const maxBytes = 1024 * 1024;

/** The entries of a JWK Set that are JSON objects, or why it cannot be read. */
export function jwkEntries(text: string): readonly Jwk[] | string {
  const read = tried(() => readDocument(text, { name: "the JWK Set", code: "jwks-invalid", maxBytes }));
  if (read instanceof PodtrustError) return errorText(read);
  const { keys } = read;
  return Array.isArray(keys) ? (keys as unknown[]).filter(isRecord) : [];
}

/** The keys that an issuer serves under a discovery document of its own, or why they cannot be had. */
export function keysOfIssuer(served: IssuerDocuments, issuer: string): readonly Jwk[] | string {
  if (!served.ok) {
    const document = served.at === "jwks" ? "JWK Set" : "discovery document";
    return `the issuer's ${document} could not be read: ${served.detail}`;
  }
  const discovery = tried(() => parseDiscovery(served.discovery));
  if (discovery instanceof PodtrustError) return errorText(discovery);
  if (discovery.issuer === issuer) return jwkEntries(served.jwks);
  return `the discovery document is of ${shown(discovery.issuer)}, and not of ${shown(issuer)}`;
}
