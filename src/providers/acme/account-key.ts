import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from "node:crypto";
import { defined, base64urlJson } from "../../core/base/index.ts";
import { jwkThumbprint } from "../../rules/keys/index.ts";
import { privateKeyPem } from "../../core/x509/index.ts";

/** External account binding (RFC 8555 §7.3.4). */
export interface ExternalAccount {
  readonly kid: string;
  /** The HMAC key in base64url, as CAs hand it out. */
  readonly hmacKey: string;
}

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

/** The flattened JSON serialisation that ACME speaks (RFC 8555 §6.2). */
export interface FlattenedJws {
  readonly protected: string;
  readonly payload: string;
  readonly signature: string;
}

/** The signer: a key that the CA knows as an account (`kid`), or a new one (`jwk`). */
export interface RequestSigner {
  readonly key: AccountKey;
  /** The account's URL. */
  readonly kid?: string;
}

/**
 * Signs a request. `payload` undefined is a POST-as-GET, whose payload is the empty string (RFC 8555 §6.3);
 * `nonce` undefined is for the inner JWS of a key change, which has none (§7.3.5).
 */
export function signRequest(
  signer: RequestSigner,
  target: { readonly url: string; readonly nonce?: string },
  payload: object | undefined,
): FlattenedJws {
  const identity = signer.kid === undefined ? { jwk: signer.key.jwk } : { kid: signer.kid };
  const nonce = defined({ nonce: target.nonce });
  const header = base64urlJson({ alg: "ES256", ...identity, ...nonce, url: target.url });
  const body = payload === undefined ? "" : base64urlJson(payload);
  const signature = signer.key.sign(`${header}.${body}`).toString("base64url");
  return { protected: header, payload: body, signature };
}

/** Binds an account key to an external account by HS256 (RFC 8555 §7.3.4). */
export function bindExternalAccount(external: ExternalAccount, key: AccountKey, url: string): FlattenedJws {
  const secret = Buffer.from(external.hmacKey, "base64url");
  const header = base64urlJson({ alg: "HS256", kid: external.kid, url });
  const payload = base64urlJson(key.jwk);
  const signature = createHmac("sha256", secret).update(`${header}.${payload}`).digest("base64url");
  return { protected: header, payload, signature };
}
