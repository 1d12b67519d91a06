import { Buffer } from "node:buffer";
import { type JsonRecord, recordOf, recordsOf } from "../../core/base/index.ts";
import type { IssuerReading } from "../../issuer/index.ts";
import { verifyJws } from "../../rules/keys/index.ts";
import { parseJws } from "../../rules/oidc/index.ts";
import type { TokenFacts } from "../facts.ts";

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
}

function keysOf(reading: IssuerReading): readonly JsonRecord[] {
  if (reading.jwks?.outcome !== "answered") return [];
  try {
    return recordsOf(recordOf(JSON.parse(reading.jwks.response.body.toString("utf8")))["keys"]);
  } catch {
    return [];
  }
}

/** Takes the signature off. */
export function unsigned({ jws }: TokenFacts, readings: readonly IssuerReading[]): UnsignedToken {
  const verifying = readings.flatMap(keysOf).filter((key) => verifyJws(jws, key));
  return {
    header: jws.header,
    claims: jws.claims,
    verifiedBy: [...new Set(verifying.map(keyMark))],
    signatureBytes: jws.signature.byteLength,
  };
}

/** The token of a bundle, with zeros for its signature. Throws `token-invalid` for what is none. */
export function tokenOf({ header, claims, verifiedBy, signatureBytes }: UnsignedToken): TokenFacts {
  const encoded = [JSON.stringify(header), JSON.stringify(claims), Buffer.alloc(signatureBytes)];
  const text = encoded.map((part) => Buffer.from(part).toString("base64url")).join(".");
  return { text, jws: parseJws(text), verifiedBy };
}
