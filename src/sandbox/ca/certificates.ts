import { defined, errorText, isoSeconds } from "../../core/base/index.ts";
import { checkCsr, type CheckedCsr } from "./csr.ts";
import { type AcmeExchange, onlyRead, payloadOf, requester } from "./exchange.ts";
import { signChain } from "./issuance.ts";
import { keyThumbprint, malformed } from "./jws.ts";
import type { CaCertificate, Order } from "./model.ts";
import { ownOrder } from "./orders.ts";
import { Problem } from "./problem.ts";
import { shownOrder } from "./show.ts";
import { type CaState, newId } from "./state.ts";
import type { CaAnswer } from "./types.ts";

// So that a client whose clock is a little slow can use the certificate at once.
const backdateMs = 60_000;
const retryAfterSeconds = 21_600;

function issueFor(state: CaState, order: Order, csr: CheckedCsr): void {
  const now = state.clock.now();
  const notBefore = now - backdateMs;
  const notAfter = now + (state.profiles[order.profile]?.seconds ?? 0) * 1000;
  const leaf = { names: order.names, publicKey: csr.publicKey, notBefore, notAfter };
  const signed = signChain(state.hierarchy, leaf);
  const issued: CaCertificate = {
    ...signed,
    id: newId(),
    account: order.account,
    thumbprint: csr.thumbprint,
    notBefore,
    notAfter,
    revoked: false,
    renewNow: undefined,
  };
  state.issued.push(issued);
  order.certificate = issued.id;
  order.status = "valid";
  order.pollsLeft = state.issuesLater ? 2 : 0;
}

function readyOrder(state: CaState, exchange: AcmeExchange, id: string): Order {
  const mine = ownOrder(state, exchange, id);
  if (mine.status === "ready") return mine;
  throw new Problem("orderNotReady", `the order is ${mine.status}, not ready`, 403);
}

/** RFC 8555 §7.4, finalization. */
export function finalize(state: CaState, exchange: AcmeExchange, id: string): CaAnswer {
  const payload = payloadOf(exchange);
  const mine = readyOrder(state, exchange, id);
  const csr = checkCsr(payload["csr"], mine.names, requester(exchange).thumbprint);
  try {
    issueFor(state, mine, csr);
  } catch (error) {
    mine.status = "invalid";
    mine.error = new Problem("serverInternal", errorText(error), 500);
  }
  const headers = {
    location: `${state.base}/order/${mine.id}`,
    ...(state.issuesLater ? { "retry-after": "1" } : {}),
  };
  return { status: 200, body: shownOrder(state, mine), headers };
}

/** RFC 8555 §7.4.2. */
export function readCertificate(state: CaState, exchange: AcmeExchange, id: string): CaAnswer {
  onlyRead(exchange);
  const issued = state.issued.find((one) => one.id === id);
  if (issued === undefined) throw new Problem("malformed", "there is no such certificate", 404);
  if (issued.account !== requester(exchange).id)
    throw new Problem("unauthorized", "not your certificate", 403);
  return {
    status: 200,
    body: issued.chain,
    headers: { "content-type": "application/pem-certificate-chain" },
  };
}

// RFC 5280 §5.3.1; 7 is unused, 2 and 10 are not for subscribers.
const reasons = new Set<unknown>([undefined, 0, 1, 3, 4, 5]);

/** RFC 8555 §7.6: by the account that ordered it, or by the certificate's own key. */
export function revoke(state: CaState, exchange: AcmeExchange): CaAnswer {
  const payload = payloadOf(exchange);
  const issued = state.issued.find((one) => one.der === payload["certificate"]);
  if (issued === undefined) throw new Problem("malformed", "this CA has issued no such certificate", 404);
  const entitled =
    exchange.account === undefined
      ? keyThumbprint(exchange.jwk) === issued.thumbprint
      : exchange.account.id === issued.account;
  if (!entitled) throw new Problem("unauthorized", "neither its account nor its key asks for it", 403);
  if (!reasons.has(payload["reason"])) throw new Problem("badRevocationReason", "this reason is not taken");
  if (issued.revoked) throw new Problem("alreadyRevoked", "it is revoked already");
  issued.revoked = true;
  return { status: 200 };
}

/** RFC 9773 §4: when to renew. Normally in the last third of its life; at once when revoked or on request. */
export function renewalInfo(state: CaState, renewalId: string): CaAnswer {
  const issued = state.issued.find((one) => one.renewalId === renewalId);
  if (issued === undefined) throw malformed("no certificate has this identifier");
  const life = issued.notAfter - issued.notBefore;
  const urgent = issued.revoked || issued.renewNow !== undefined;
  const start = urgent ? state.clock.now() - 2 * backdateMs : issued.notBefore + (life * 2) / 3;
  const end = urgent ? state.clock.now() - backdateMs : start + life / 50;
  const explanationURL = issued.renewNow?.explanationUrl;
  return {
    status: 200,
    body: {
      suggestedWindow: { start: isoSeconds(start), end: isoSeconds(end) },
      ...defined({ explanationURL }),
    },
    headers: { "retry-after": String(retryAfterSeconds) },
  };
}
