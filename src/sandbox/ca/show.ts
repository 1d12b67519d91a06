import { defined, isoSeconds, mapped } from "../../core/base/index.ts";
import type { CaAccount, Authorization, Challenge, Order } from "./model.ts";
import { type CaState } from "./state.ts";

/** The resources as ACME shows them (RFC 8555 §7.1). */

export function directory({ base, profiles, externalAccounts }: CaState): object {
  const described = Object.entries(profiles).map(([name, { description }]) => [name, description]);
  return {
    newNonce: `${base}/new-nonce`,
    newAccount: `${base}/new-account`,
    newOrder: `${base}/new-order`,
    revokeCert: `${base}/revoke-certificate`,
    keyChange: `${base}/key-change`,
    renewalInfo: `${base}/renewal-info`,
    meta: {
      termsOfService: `${base}/terms`,
      website: "https://www.rfc-editor.org/rfc/rfc8555",
      caaIdentities: ["stand-in.invalid"],
      externalAccountRequired: externalAccounts !== undefined,
      profiles: Object.fromEntries(described) as Record<string, string>,
    },
  };
}

export function shownAccount({ base }: CaState, account: CaAccount): object {
  const { status, contact, id } = account;
  return { status, contact, termsOfServiceAgreed: true, orders: `${base}/account/${id}/orders` };
}

export function shownOrder({ base }: CaState, order: Order): object {
  const { id, names, authorizations, expiresAt, profile, certificate, error } = order;
  const status = order.status === "valid" && order.pollsLeft > 0 ? "processing" : order.status;
  return {
    status,
    expires: isoSeconds(expiresAt),
    identifiers: names.map((value) => ({ type: "dns", value })),
    profile,
    authorizations: authorizations.map((one) => `${base}/authorization/${one.id}`),
    finalize: `${base}/order/${id}/finalize`,
    ...defined({ error: error?.toObject() }),
    ...(certificate === undefined || status !== "valid"
      ? {}
      : { certificate: `${base}/certificate/${certificate}` }),
  };
}

export function shownChallenge({ base }: CaState, challenge: Challenge): object {
  const { id, type, token, status, validatedAt, error } = challenge;
  return {
    type,
    url: `${base}/challenge/${id}`,
    status,
    token,
    ...defined({ validated: mapped(validatedAt, isoSeconds), error: error?.toObject() }),
  };
}

export function shownAuthorization(state: CaState, authorization: Authorization): object {
  const { name, wildcard, status, expiresAt, challenges } = authorization;
  // RFC 8555 §7.1.4: a decided authorization shows only the challenges that decided it.
  const shown = challenges.filter((one) => status === "pending" || one.status !== "pending");
  return {
    identifier: { type: "dns", value: name },
    status,
    expires: isoSeconds(expiresAt),
    challenges: shown.map((one) => shownChallenge(state, one)),
    ...(wildcard ? { wildcard } : {}),
  };
}
