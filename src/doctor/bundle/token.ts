import { Buffer } from "node:buffer";
import { type JsonRecord, recordOf, recordsOf } from "../../core/base/index.ts";
import type { IssuerReading } from "../../issuer/index.ts";
import { verifyJws } from "../../rules/keys/index.ts";
import { parseJws } from "../../rules/oidc/index.ts";
import type { TokenFacts } from "../facts.ts";
import { onlyMembers } from "./documents.ts";

/** The members that make a public key what it is, under whatever kid. */
export function keyMark(key: JsonRecord): string {
  return JSON.stringify(["kty", "crv", "n", "e", "x", "y"].map((name) => key[name] ?? ""));
}

/** A token without its signature: what a bundle has of it. */
export interface UnsignedToken {
  readonly header: JsonRecord;
  readonly claims: JsonRecord;
  /** The marks of the published keys that verify the signature, since that is not possible afterwards. */
  readonly verifiedBy: readonly string[];
  /** Bytes of the signature. */
  readonly signatureBytes: number;
  /** Characters of the token, which has a longest length. */
  readonly chars: number;
}

/** What STS reads of a token: RFC 7515 §4.1, RFC 7519 §4.1, OpenID Connect Core 1.0 §2, and AWS's own claims. */
const readHeader: readonly string[] = ["alg", "kid", "typ", "crit", "b64"];
const readClaims: readonly string[] = [
  "iss",
  "sub",
  "aud",
  "azp",
  "amr",
  "exp",
  "nbf",
  "iat",
  "https://aws.amazon.com/tags",
  "https://aws.amazon.com/source_identity",
  "https://aws.amazon.com/roles",
];

function keysOf(reading: IssuerReading): readonly JsonRecord[] {
  if (reading.jwks?.outcome !== "answered") return [];
  try {
    return recordsOf(recordOf(JSON.parse(reading.jwks.response.body.toString("utf8")))["keys"]);
  } catch {
    return [];
  }
}

/** Takes the signature off, and whatever else nobody has to read of it. */
export function unsigned({ jws, text }: TokenFacts, readings: readonly IssuerReading[]): UnsignedToken {
  const verifying = readings.flatMap(keysOf).filter((key) => verifyJws(jws, key));
  return {
    header: onlyMembers(jws.header, readHeader),
    claims: onlyMembers(jws.claims, readClaims),
    verifiedBy: [...new Set(verifying.map(keyMark))],
    signatureBytes: jws.signature.byteLength,
    chars: text.length,
  };
}

function encoded(parts: readonly (string | Buffer)[]): string {
  return parts.map((part) => Buffer.from(part).toString("base64url")).join(".");
}

/** The token of a bundle, as long as it was, with zeros for its signature. Throws `token-invalid` for what is none. */
export function tokenOf({ header, claims, verifiedBy, signatureBytes, chars }: UnsignedToken): TokenFacts {
  const signature = Buffer.alloc(signatureBytes);
  const textOf = (own: JsonRecord): string =>
    encoded([JSON.stringify(header), JSON.stringify(own), signature]);
  const plain = textOf(claims);
  // In base64url four characters stand for three bytes.
  const missing = Math.max(0, Math.floor(((chars - plain.length) * 3) / 4) - '"left out":"",'.length);
  const text = missing === 0 ? plain : textOf({ ...claims, "left out": " ".repeat(missing) });
  return { text, jws: parseJws(text), verifiedBy };
}
