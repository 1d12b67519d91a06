import type { JsonRecord } from "../../core/base/index.ts";
import { type FlatJws, keyThumbprint, malformed, requestJws, verifySignature } from "./jws.ts";
import type { CaAccount } from "./model.ts";
import { Problem } from "./problem.ts";
import type { CaState } from "./state.ts";

/** A verified request: by an account (`kid`), or by a bare key (`jwk`) where that is allowed. */
export interface AcmeExchange {
  readonly jws: FlatJws;
  readonly account: CaAccount | undefined;
  readonly jwk: JsonRecord;
  readonly url: string;
}

/** Who may sign: `account` by kid, `key` by jwk (newAccount), `either` for revokeCert. */
export type AllowedSigner = "account" | "key" | "either";

function accountOf(state: CaState, kid: unknown): CaAccount {
  const prefix = `${state.base}/account/`;
  const id = typeof kid === "string" && kid.startsWith(prefix) ? kid.slice(prefix.length) : "";
  const account = state.accounts.get(id);
  if (account === undefined) throw new Problem("accountDoesNotExist", "no account has this kid");
  if (account.status !== "valid") throw new Problem("unauthorized", "the account is deactivated", 403);
  return account;
}

function signerOf(
  state: CaState,
  { header }: FlatJws,
  signer: AllowedSigner,
): Pick<AcmeExchange, "account" | "jwk"> {
  const { kid, jwk } = header;
  if ((kid === undefined) === (jwk === undefined))
    throw malformed("a request has a kid or a jwk, never both");
  if (kid !== undefined && signer !== "key") {
    const account = accountOf(state, kid);
    return { account, jwk: account.jwk };
  }
  if (jwk !== undefined && signer !== "account") {
    keyThumbprint(jwk);
    return { account: undefined, jwk: jwk as JsonRecord };
  }
  throw malformed(signer === "key" ? "this resource takes a jwk, not a kid" : "this resource takes a kid");
}

/** Reads and verifies a request's body (RFC 8555 §6); throws Problem. */
export function verifiedExchange(
  state: CaState,
  url: string,
  body: string,
  signer: AllowedSigner,
): AcmeExchange {
  const jws = requestJws(body);
  const who = signerOf(state, jws, signer);
  verifySignature(jws, who.jwk);
  if (!state.nonces.spend(jws.header["nonce"])) {
    throw new Problem(
      "badNonce",
      "the nonce is unknown or used up: take the one that comes with this answer",
    );
  }
  if (jws.header["url"] !== url) {
    throw new Problem("unauthorized", `the JWS is for ${String(jws.header["url"])}, not for ${url}`, 403);
  }
  if (jws.header["crit"] !== undefined) throw malformed("critical header extensions are not taken");
  return { jws, url, ...who };
}

/** The account of a request that only an account may make. */
export function requester({ account }: AcmeExchange): CaAccount {
  if (account === undefined) throw malformed("this resource takes a kid");
  return account;
}

/** The payload of a request that changes something; throws for POST-as-GET. */
export function payloadOf({ jws }: AcmeExchange): JsonRecord {
  if (jws.payload === undefined) throw malformed("this resource takes a payload, not POST-as-GET");
  return jws.payload;
}

/** Throws unless it is POST-as-GET (RFC 8555 §6.3). */
export function onlyRead({ jws }: AcmeExchange): void {
  if (jws.payload !== undefined) throw malformed("this resource is read by POST-as-GET: an empty payload");
}
