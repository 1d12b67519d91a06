/** A CA that will not have `replaces`, or falls over it, still renews; one that limits us is not asked twice. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  type AcmeAccount,
  AcmeProblem,
  createAccountKey,
  obtainCertificate,
  openAcme,
} from "../../src/providers/acme/index.ts";
import { startAuthority, type StandInCa } from "../../src/sandbox/ca/index.ts";
import { type ChallengeListeners, startChallengeListeners } from "../support/challenge-listeners.ts";
import { SwiftClock } from "../support/swift-clock.ts";

let listeners: ChallengeListeners;
let ca: StandInCa;
/** An account whose CA answers orders that replace something with this problem. */
async function accountRefusing(
  type: string,
  status: number,
): Promise<{ account: AcmeAccount; asked: boolean[] }> {
  const client = openAcme({ directory: ca.directoryUrl, ca: ca.tlsCa, clock: new SwiftClock() });
  const account = await client.newAccount({ key: createAccountKey(), termsOfServiceAgreed: true });
  const order = account.newOrder.bind(account);
  const asked: boolean[] = [];
  account.newOrder = (wanted, signal) => {
    asked.push(wanted.replaces !== undefined);
    const document = { type: `urn:ietf:params:acme:error:${type}`, detail: "not this way" };
    if (wanted.replaces === undefined) return order(wanted, signal);
    return Promise.reject(new AcmeProblem(document, { url: ca.directoryUrl, status }));
  };
  return { account, asked };
}

const request = () => ({ names: ["a.example.com"], solvers: [listeners.http01] });

describe("a CA that does not take replaces", () => {
  before(async () => {
    listeners = await startChallengeListeners();
    ca = await startAuthority({ connectTo: listeners.connectTo });
  });

  after(() => Promise.all([ca.close(), listeners.close()]));

  for (const [type, status] of [
    ["alreadyReplaced", 409],
    ["malformed", 400],
    ["serverInternal", 500],
    ["unauthorized", 403],
  ] as const) {
    test(`an order that the CA refuses by ${status} ${type} for its replaces is made again without`, async () => {
      const { account, asked } = await accountRefusing(type, status);
      const first = await obtainCertificate(account, request());
      const second = await obtainCertificate(account, { ...request(), replaces: first.certificate });
      assert.notEqual(second.certificate, first.certificate);
      assert.deepEqual(asked, [false, true, false]);
    });
  }

  test("429 rateLimited to an order with replaces is thrown at once", async () => {
    const { account, asked } = await accountRefusing("rateLimited", 429);
    const first = await obtainCertificate(account, request());
    const renewal = obtainCertificate(account, { ...request(), replaces: first.certificate });
    await assert.rejects(renewal, { code: "acme-rate-limited" });
    assert.deepEqual(asked, [false, true]);
  });
});
