import { createHmac } from "node:crypto";
import type { AccountKey } from "./account-key.ts";
import type { ExternalAccount } from "./resources.ts";

/** The flattened JSON serialisation that ACME speaks (RFC 8555 §6.2). */
export interface FlattenedJws {
  readonly protected: string;
  readonly payload: string;
  readonly signature: string;
}

/** Who signs: a key that the CA knows as an account (`kid`), or one that introduces itself (`jwk`). */
export interface Signer {
  readonly key: AccountKey;
  /** The account's URL. */
  readonly kid?: string;
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/**
 * Signs a request. `payload` undefined is a POST-as-GET, whose payload is the empty string (RFC 8555 §6.3);
 * `nonce` undefined is for the inner JWS of a key change, which has none (§7.3.5).
 */
export function signRequest(
  signer: Signer,
  target: { readonly url: string; readonly nonce?: string },
  payload: object | undefined,
): FlattenedJws {
  const identity = signer.kid === undefined ? { jwk: signer.key.jwk } : { kid: signer.kid };
  const nonce = target.nonce === undefined ? {} : { nonce: target.nonce };
  const header = encoded({ alg: "ES256", ...identity, ...nonce, url: target.url });
  const body = payload === undefined ? "" : encoded(payload);
  const signature = signer.key.sign(`${header}.${body}`).toString("base64url");
  return { protected: header, payload: body, signature };
}

/** Binds an account key to an external account by HS256 (RFC 8555 §7.3.4). */
export function bindExternalAccount(external: ExternalAccount, key: AccountKey, url: string): FlattenedJws {
  const secret = Buffer.from(external.hmacKey, "base64url");
  const header = encoded({ alg: "HS256", kid: external.kid, url });
  const payload = encoded(key.jwk);
  const signature = createHmac("sha256", secret).update(`${header}.${payload}`).digest("base64url");
  return { protected: header, payload, signature };
}
