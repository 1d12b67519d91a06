import { randomBytes } from "node:crypto";
import { errorText, isRecord } from "../../core/base/index.ts";
import { type AcmeExchange, onlyRead, payloadOf, requester } from "./exchange.ts";
import { malformed } from "./jws.ts";
import type { CaAccount, Authorization, Challenge, ChallengeType, Order } from "./model.ts";
import { Problem } from "./problem.ts";
import { shownAuthorization, shownChallenge, shownOrder } from "./show.ts";
import { type CaState, newId } from "./state.ts";
import { validate } from "./validation.ts";
import type { CaAnswer } from "./types.ts";

const week = 7 * 24 * 3_600_000;
const maxNames = 100;
const dnsName = /^(?:\*\.)?(?:[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/u;

function nameOf(identifier: unknown): string {
  const { type, value } = isRecord(identifier) ? identifier : {};
  if (type !== "dns") throw new Problem("unsupportedIdentifier", "identifiers are of the type dns");
  const name = typeof value === "string" ? value.toLowerCase() : "";
  if (name.length > 253 || !dnsName.test(name)) {
    throw new Problem(
      "rejectedIdentifier",
      `"${String(value)}" is not a name that a certificate is given for`,
    );
  }
  return name;
}

function namesOf(identifiers: unknown): readonly string[] {
  if (!Array.isArray(identifiers) || identifiers.length === 0) throw malformed("an order has identifiers");
  if (identifiers.length > maxNames) throw malformed(`an order has at most ${maxNames} names`);
  return [...new Set(identifiers.map(nameOf))];
}

function newAuthorization(state: CaState, owner: CaAccount, asked: string): Authorization {
  const wildcard = asked.startsWith("*.");
  const all: readonly ChallengeType[] = wildcard ? ["dns-01"] : ["http-01", "tls-alpn-01", "dns-01"];
  const offered = all.filter((type) => type !== "dns-01" || state.reach.resolveTxt !== undefined);
  if (offered.length === 0) {
    throw new Problem("rejectedIdentifier", `${asked}: a wildcard needs DNS-01, which this CA cannot do now`);
  }
  const authorization: Authorization = {
    id: newId(),
    account: owner.id,
    name: asked.replace(/^\*\./u, ""),
    wildcard,
    expiresAt: state.clock.now() + week,
    status: "pending",
    challenges: [],
  };
  for (const type of offered) {
    const challenge: Challenge = {
      id: newId(),
      type,
      token: randomBytes(32).toString("base64url"),
      authorization,
      status: "pending",
      validatedAt: undefined,
      error: undefined,
    };
    authorization.challenges.push(challenge);
    state.challenges.set(challenge.id, challenge);
  }
  state.authorizations.set(authorization.id, authorization);
  return authorization;
}

// RFC 9773 §5: one certificate is replaced once; an order that failed has replaced nothing.
function checkedReplaces(state: CaState, owner: CaAccount, replaces: unknown): string | undefined {
  if (replaces === undefined) return undefined;
  const issued = state.issued.find((one) => one.renewalId === replaces && one.account === owner.id);
  if (issued === undefined)
    throw new Problem("malformed", "replaces names no certificate of this account", 404);
  for (const order of state.orders.values()) {
    settle(state, order);
    const taken = order.replaces === issued.renewalId && order.status !== "invalid";
    if (taken) throw new Problem("alreadyReplaced", "another order replaces that certificate", 409);
  }
  return issued.renewalId;
}

function urlOf(state: CaState, order: Order): string {
  return `${state.base}/order/${order.id}`;
}

/** RFC 8555 §7.4. */
export function newOrder(state: CaState, exchange: AcmeExchange): CaAnswer {
  const owner = requester(exchange);
  const payload = payloadOf(exchange);
  const names = namesOf(payload["identifiers"]);
  if (payload["notBefore"] !== undefined || payload["notAfter"] !== undefined) {
    throw malformed("notBefore and notAfter are the profile's");
  }
  const profile = payload["profile"] ?? "classic";
  if (typeof profile !== "string" || !Object.hasOwn(state.profiles, profile)) {
    throw new Problem("invalidProfile", "the directory's meta.profiles has no such profile");
  }
  const replaces = checkedReplaces(state, owner, payload["replaces"]);
  const order: Order = {
    id: newId(),
    account: owner.id,
    names,
    authorizations: names.map((name) => newAuthorization(state, owner, name)),
    profile,
    replaces,
    expiresAt: state.clock.now() + week,
    status: "pending",
    certificate: undefined,
    error: undefined,
    pollsLeft: 0,
  };
  state.orders.set(order.id, order);
  owner.orders.push(order.id);
  return { status: 201, body: shownOrder(state, order), headers: { location: urlOf(state, order) } };
}

/** The status of an order by that of its authorizations (RFC 8555 §7.1.6). */
function settle(state: CaState, order: Order): void {
  if (order.status !== "pending" && order.status !== "ready") return;
  if (state.clock.now() >= order.expiresAt) order.status = "invalid";
  const failed = order.authorizations.find((one) => !["pending", "valid"].includes(one.status));
  if (failed !== undefined) {
    order.status = "invalid";
    order.error = failed.challenges.find((one) => one.error !== undefined)?.error;
  } else if (order.status === "pending" && order.authorizations.every((one) => one.status === "valid")) {
    order.status = "ready";
  }
}

/** The client's own order, with its current status. */
export function ownOrder(state: CaState, exchange: AcmeExchange, id: string): Order {
  const order = state.orders.get(id);
  if (order === undefined) throw new Problem("malformed", "there is no such order", 404);
  if (order.account !== requester(exchange).id) throw new Problem("unauthorized", "not your order", 403);
  settle(state, order);
  return order;
}

/** RFC 8555 §7.4, polling. */
export function readOrder(state: CaState, exchange: AcmeExchange, id: string): CaAnswer {
  onlyRead(exchange);
  const mine = ownOrder(state, exchange, id);
  const waiting = mine.pollsLeft > 0;
  const body = shownOrder(state, mine);
  if (waiting) mine.pollsLeft -= 1;
  const headers = { location: urlOf(state, mine), ...(waiting ? { "retry-after": "1" } : {}) };
  return { status: 200, body, headers };
}

function ownAuthorization(exchange: AcmeExchange, authorization: Authorization | undefined): Authorization {
  if (authorization === undefined) throw new Problem("malformed", "there is no such authorization", 404);
  if (authorization.account !== requester(exchange).id) {
    throw new Problem("unauthorized", "not your authorization", 403);
  }
  return authorization;
}

/** RFC 8555 §7.5 and §7.5.2. */
export function readAuthorization(state: CaState, exchange: AcmeExchange, id: string): CaAnswer {
  const mine = ownAuthorization(exchange, state.authorizations.get(id));
  const { payload } = exchange.jws;
  if (payload !== undefined) {
    if (payload["status"] !== "deactivated") throw malformed("its status can be set to deactivated only");
    mine.status = "deactivated";
  }
  return { status: 200, body: shownAuthorization(state, mine) };
}

async function run(state: CaState, challenge: Challenge, thumbprint: string): Promise<void> {
  const mine = challenge.authorization;
  try {
    await validate(challenge, thumbprint, state.reach);
    challenge.status = "valid";
    challenge.validatedAt = state.clock.now();
    if (mine.status === "pending") mine.status = "valid";
  } catch (error) {
    challenge.status = "invalid";
    challenge.error = error instanceof Problem ? error : new Problem("serverInternal", errorText(error), 500);
    if (mine.status === "pending") mine.status = "invalid";
    state.logger.info("stand-in CA: a challenge failed", { name: mine.name, type: challenge.type });
  }
}

/** RFC 8555 §7.5.1: an empty object says that the challenge is ready for validation. */
export function beginChallenge(state: CaState, exchange: AcmeExchange, id: string): CaAnswer {
  const found = state.challenges.get(id);
  const mine = ownAuthorization(exchange, found?.authorization);
  if (found === undefined) throw new Problem("malformed", "there is no such challenge", 404);
  const begins =
    exchange.jws.payload !== undefined && found.status === "pending" && mine.status === "pending";
  if (begins) {
    found.status = "processing";
    void run(state, found, requester(exchange).thumbprint);
  }
  const headers = { link: `<${state.base}/authorization/${mine.id}>;rel="up"` };
  return { status: 200, body: shownChallenge(state, found), headers };
}
