import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FederatedCredentials } from "./credentials.ts";

const web = {
  name: "web",
  issuer: "https://oidc.example.com",
  subject: "system:serviceaccount:shop:web",
  audiences: ["api://AzureADTokenExchange"],
};

/** Credentials that Entra sees ten seconds after a write, and the clock that moves them. */
function credentials(): { readonly kept: FederatedCredentials; readonly clock: { at: number } } {
  const clock = { at: 1_000_000 };
  const write = (): Promise<void> => Promise.resolve();
  return {
    clock,
    kept: new FederatedCredentials({ now: () => clock.at, propagationMs: 10_000, write }),
  };
}

const put = (kept: FederatedCredentials, more: object = {}): Promise<unknown> =>
  kept.put({ ...web, ...more }, () => "id-1");

describe("federated credentials of the stand-in Azure", () => {
  test("are kept at once, and seen by Entra once they have spread", async () => {
    const { kept, clock } = credentials();
    await put(kept);
    assert.deepEqual([kept.get("WEB")?.id, kept.seen().length], ["id-1", 0]);
    clock.at += 9_999;
    assert.equal(kept.seen().length, 0);
    clock.at += 1;
    assert.equal(kept.seen()[0]?.subject, web.subject);
  });

  test("are refused without their fields, with two audiences, a name or a text that is too long", async () => {
    const { kept } = credentials();
    for (const [more, fault] of [
      [{ issuer: "" }, "no-fields"],
      [{ audiences: ["a", "b"] }, "audience-count"],
      [{ name: "-" }, "name"],
      [{ subject: "s".repeat(601) }, "length"],
    ] as const)
      await assert.rejects(put(kept, more), { fault });
    assert.deepEqual(kept.list(), []);
  });

  test("are refused for a pair of issuer and subject that another one has", async () => {
    const { kept } = credentials();
    await put(kept);
    await assert.rejects(put(kept, { name: "other" }), { fault: "pair-exists" });
  });
});
