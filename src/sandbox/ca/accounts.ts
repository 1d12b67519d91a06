import { isRecord, type JsonRecord } from "../../core/base/index.ts";
import { type AcmeExchange, payloadOf, requester } from "./exchange.ts";
import { flatJws, keyThumbprint, malformed, verifyMac, verifySignature } from "./jws.ts";
import type { CaAccount } from "./model.ts";
import { Problem } from "./problem.ts";
import { shownAccount } from "./show.ts";
import { type CaState, newId } from "./state.ts";
import type { CaAnswer } from "./types.ts";

function find(state: CaState, thumbprint: string): CaAccount | undefined {
  return [...state.accounts.values()].find((account) => account.thumbprint === thumbprint);
}

/** The URL that identifies an account. */
export function accountUrl(state: CaState, account: CaAccount): string {
  return `${state.base}/account/${account.id}`;
}

function contactsOf(contact: unknown): readonly string[] {
  if (contact === undefined) return [];
  if (!Array.isArray(contact)) throw malformed("contact is not a list");
  for (const one of contact as readonly unknown[]) {
    if (typeof one !== "string" || !one.startsWith("mailto:")) {
      throw new Problem("unsupportedContact", "a contact is a mailto: URL");
    }
    if (!/^mailto:[^\s@,?]+@[^\s@,?.]+(?:\.[^\s@,?.]+)+$/u.test(one)) {
      throw new Problem("invalidContact", `${one} is not one address`);
    }
  }
  return contact as readonly string[];
}

/** RFC 8555 §7.3.4: a JWS by the external account's MAC key over this account's public key. */
function checkBinding(state: CaState, exchange: AcmeExchange, binding: unknown): void {
  if (state.externalAccounts === undefined) return;
  if (!isRecord(binding)) {
    throw new Problem("externalAccountRequired", "this CA binds accounts to external ones", 403);
  }
  const inner = flatJws(binding);
  const { kid, url, nonce } = inner.header;
  const key = state.externalAccounts[String(kid)];
  if (key === undefined) throw new Problem("unauthorized", "no external account has this key id", 403);
  if (nonce !== undefined || url !== exchange.url) {
    throw malformed("the binding has no nonce, and the url of newAccount");
  }
  if (inner.payload === undefined || keyThumbprint(inner.payload) !== keyThumbprint(exchange.jwk)) {
    throw malformed("the binding is not for this account's key");
  }
  if (!verifyMac(inner, key)) throw new Problem("unauthorized", "the binding's MAC does not verify", 403);
}

/** RFC 8555 §7.3 and §7.3.1. */
export function newAccount(state: CaState, exchange: AcmeExchange): CaAnswer {
  const payload = payloadOf(exchange);
  const thumbprint = keyThumbprint(exchange.jwk);
  const known = find(state, thumbprint);
  if (known !== undefined) {
    if (known.status !== "valid") throw new Problem("unauthorized", "the account is deactivated", 403);
    return { status: 200, body: shownAccount(state, known), headers: { location: accountUrl(state, known) } };
  }
  if (payload["onlyReturnExisting"] === true) {
    throw new Problem("accountDoesNotExist", "no account has this key");
  }
  if (payload["termsOfServiceAgreed"] !== true) throw malformed("the terms of service are not agreed to");
  const contact = contactsOf(payload["contact"]);
  checkBinding(state, exchange, payload["externalAccountBinding"]);
  const account: CaAccount = {
    id: newId(),
    jwk: exchange.jwk,
    thumbprint,
    contact,
    status: "valid",
    orders: [],
  };
  state.accounts.set(account.id, account);
  return {
    status: 201,
    body: shownAccount(state, account),
    headers: { location: accountUrl(state, account) },
  };
}

function own(exchange: AcmeExchange, id: string): CaAccount {
  const account = requester(exchange);
  if (account.id !== id) throw new Problem("unauthorized", "this is another account", 403);
  return account;
}

/** RFC 8555 §7.3.2 and §7.3.6. */
export function updateAccount(state: CaState, exchange: AcmeExchange, id: string): CaAnswer {
  const mine = own(exchange, id);
  const { payload = {} } = exchange.jws;
  if (payload["contact"] !== undefined) mine.contact = contactsOf(payload["contact"]);
  if (payload["status"] === "deactivated") mine.status = "deactivated";
  else if (payload["status"] !== undefined)
    throw malformed("an account's status can be set to deactivated only");
  return { status: 200, body: shownAccount(state, mine) };
}

/** RFC 8555 §7.1.2.1. */
export function accountOrders(state: CaState, exchange: AcmeExchange, id: string): CaAnswer {
  const orders = own(exchange, id).orders.map((order) => `${state.base}/order/${order}`);
  return { status: 200, body: { orders } };
}

function innerRequest(exchange: AcmeExchange): { readonly jwk: JsonRecord; readonly payload: JsonRecord } {
  const inner = flatJws(payloadOf(exchange));
  const { jwk, url, nonce } = inner.header;
  if (!isRecord(jwk) || url !== exchange.url || nonce !== undefined) {
    throw malformed("the inner JWS has the new jwk, the outer url, and no nonce");
  }
  verifySignature(inner, jwk);
  if (inner.payload === undefined) throw malformed("the inner JWS has no payload");
  return { jwk, payload: inner.payload };
}

/** RFC 8555 §7.3.5. */
export function keyChange(state: CaState, exchange: AcmeExchange): CaAnswer {
  const mine = requester(exchange);
  const { jwk, payload } = innerRequest(exchange);
  if (
    payload["account"] !== accountUrl(state, mine) ||
    keyThumbprint(payload["oldKey"]) !== mine.thumbprint
  ) {
    throw malformed("the inner JWS names another account or another old key");
  }
  const thumbprint = keyThumbprint(jwk);
  const other = find(state, thumbprint);
  if (other !== undefined) {
    const location = accountUrl(state, other);
    return {
      status: 409,
      body: new Problem("malformed", "an account has this key already", 409).toObject(),
      headers: { location, "content-type": "application/problem+json" },
    };
  }
  mine.jwk = jwk;
  mine.thumbprint = thumbprint;
  return { status: 200, body: shownAccount(state, mine) };
}
