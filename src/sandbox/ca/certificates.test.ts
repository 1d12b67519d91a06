import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLogger, systemClock } from "../../core/base/index.ts";
import { newSigningRequest } from "../../core/x509/index.ts";
import { finalize } from "./certificates.ts";
import type { AcmeExchange } from "./exchange.ts";
import type { CaAccount, Order } from "./model.ts";
import type { Problem } from "./problem.ts";
import { newState } from "./state.ts";

async function csr(name: string): Promise<string> {
  return Buffer.from((await newSigningRequest([name])).csr).toString("base64url");
}

test("an order that is finalized twice at once gives one certificate", async () => {
  const state = await newState({}, { clock: systemClock, logger: silentLogger });
  const account: CaAccount = {
    id: "a",
    jwk: {},
    thumbprint: "t",
    contact: [],
    status: "valid",
    orders: ["o"],
  };
  const order: Order = {
    id: "o",
    account: "a",
    names: ["oidc.example.com"],
    authorizations: [],
    profile: "classic",
    replaces: undefined,
    expiresAt: systemClock.now() + 60_000,
    status: "ready",
    certificate: undefined,
    error: undefined,
    pollsLeft: 0,
  };
  state.orders.set(order.id, order);
  const payload = { csr: await csr("oidc.example.com") };
  const jws = { header: {}, payload, signingInput: "", signature: Buffer.alloc(0), payloadText: "" };
  const exchange: AcmeExchange = { jws, account, jwk: {}, url: "" };
  const both = await Promise.allSettled(["o", "o"].map(async (id) => finalize(state, exchange, id)));
  assert.deepEqual(both.map((one) => one.status).sort(), ["fulfilled", "rejected"]);
  const refused = both.flatMap((one) => (one.status === "rejected" ? [one.reason as Problem] : []));
  assert.equal(refused[0]?.type, "orderNotReady");
  assert.equal(state.issued.length, 1);
});
