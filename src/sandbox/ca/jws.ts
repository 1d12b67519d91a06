import { Buffer } from "node:buffer";
import { createHmac, timingSafeEqual } from "node:crypto";
import { isRecord, type JsonRecord } from "../../core/base/index.ts";
import { jwkThumbprint, verifyJws } from "../../rules/keys/index.ts";
import { Problem } from "./problem.ts";

/** A flattened JWS (RFC 7515 §7.2.2), parsed and not verified. */
export interface FlatJws {
  readonly header: JsonRecord;
  /** Undefined for the empty payload of POST-as-GET (RFC 8555 §6.3). */
  readonly payload: JsonRecord | undefined;
  readonly signingInput: string;
  readonly signature: Buffer;
  readonly payloadText: string;
}

/** Algorithms for account keys; MACs are for external account binding only (RFC 8555 §6.2). */
const signatureAlgorithms: readonly string[] = ["ES256", "RS256"];

const base64url = /^[A-Za-z0-9_-]*$/u;

export function malformed(detail: string): Problem {
  return new Problem("malformed", detail);
}

function parsed(text: string, what: string): JsonRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed(`${what} is not JSON`);
  }
  if (!isRecord(value)) throw malformed(`${what} is not a JSON object`);
  return value;
}

function decoded(text: string, what: string): string {
  if (!base64url.test(text)) throw malformed(`${what} is not base64url without padding`);
  return Buffer.from(text, "base64url").toString("utf8");
}

/** Parses a flattened JWS; throws Problem `malformed`. */
export function flatJws(fields: JsonRecord): FlatJws {
  const { protected: head, payload, signature } = fields;
  if (typeof head !== "string" || typeof payload !== "string" || typeof signature !== "string") {
    throw malformed("a flattened JWS has the members protected, payload and signature");
  }
  if ("header" in fields || "signatures" in fields) {
    throw malformed("a JWS with an unprotected header or several signatures is not taken (RFC 8555 §6.2)");
  }
  const payloadText = decoded(payload, "payload");
  if (!base64url.test(signature)) throw malformed("signature is not base64url without padding");
  return {
    header: parsed(decoded(head, "protected"), "the protected header"),
    payload: payloadText === "" ? undefined : parsed(payloadText, "the payload"),
    signingInput: `${head}.${payload}`,
    signature: Buffer.from(signature, "base64url"),
    payloadText,
  };
}

/** The flattened JWS of a request's body. */
export function requestJws(body: string): FlatJws {
  return flatJws(parsed(body, "the body"));
}

/** Throws unless `jwk` made the signature, with an accepted algorithm. */
export function verifySignature(jws: FlatJws, jwk: unknown): void {
  const alg = String(jws.header["alg"]);
  if (!signatureAlgorithms.includes(alg)) {
    throw new Problem("badSignatureAlgorithm", `the algorithm ${alg} is not taken`, 400, {
      algorithms: signatureAlgorithms,
    });
  }
  const { signingInput, signature } = jws;
  if (!verifyJws({ alg, signingInput, signature, critical: [] }, jwk)) {
    throw malformed("the signature of the JWS does not verify");
  }
}

/** RFC 7638, after checking that the key is accepted; throws Problem `badPublicKey`. */
export function keyThumbprint(jwk: unknown): string {
  const taken = isRecord(jwk) && (jwk["kty"] === "RSA" || (jwk["kty"] === "EC" && jwk["crv"] === "P-256"));
  if (!taken) throw new Problem("badPublicKey", "an account's key is RSA or EC on P-256");
  if ("d" in jwk) throw new Problem("badPublicKey", "this JWK holds the private key");
  try {
    return jwkThumbprint(jwk);
  } catch {
    throw new Problem("badPublicKey", "this JWK is no public key");
  }
}

/** Whether an HMAC key made the signature of an external account binding (HS256). */
export function verifyMac(jws: FlatJws, key: string): boolean {
  if (jws.header["alg"] !== "HS256") return false;
  const mac = createHmac("sha256", Buffer.from(key, "base64url")).update(jws.signingInput).digest();
  return mac.length === jws.signature.length && timingSafeEqual(mac, jws.signature);
}
