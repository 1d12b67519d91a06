import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { jwkThumbprint } from "../oidc/index.ts";
import { privateKeyPem } from "./pem.ts";

/** The public half of an account's key, members in the order of RFC 7638. */
export interface AccountJwk {
  readonly crv: "P-256";
  readonly kty: "EC";
  readonly x: string;
  readonly y: string;
}

/** The key of an ACME account: P-256, signing by ES256. */
export interface AccountKey {
  readonly jwk: AccountJwk;
  /** RFC 7638, base64url of SHA-256. */
  readonly thumbprint: string;
  /** PKCS #8: a secret. */
  readonly pem: string;
  /** ES256 over the text's bytes: R and S, 64 bytes (RFC 7518 §3.4). */
  sign(text: string): Buffer;
}

function accountKey(privateKey: KeyObject): AccountKey {
  const { crv, kty, x, y } = createPublicKey(privateKey).export({ format: "jwk" });
  if (kty !== "EC" || crv !== "P-256" || x === undefined || y === undefined) {
    throw new TypeError("the key of an ACME account must be of the curve P-256");
  }
  const jwk: AccountJwk = { crv, kty, x, y };
  return {
    jwk,
    thumbprint: jwkThumbprint(jwk),
    pem: privateKeyPem(privateKey),
    sign: (text) => sign("sha256", Buffer.from(text), { key: privateKey, dsaEncoding: "ieee-p1363" }),
  };
}

/** A new key. */
export function createAccountKey(): AccountKey {
  return accountKey(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
}

/** The key in PEM (PKCS #8 or SEC 1) or as a private JWK. Throws TypeError when it is not of P-256. */
export function readAccountKey(key: string | Readonly<Record<string, string>>): AccountKey {
  const privateKey =
    typeof key === "string" ? createPrivateKey(key) : createPrivateKey({ key, format: "jwk" });
  return accountKey(privateKey);
}
