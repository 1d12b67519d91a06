import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { accepts, attempt, issuer, providerArn, refusalOf, signer, texts } from "../fixture.ts";

const refusal = { rule: "documents-reachable", code: "InvalidIdentityToken", text: texts.noVerificationKey };

describe("STS rule documents-reachable", () => {
  for (const [reason, detail] of [
    ["dns", "its name does not resolve"],
    ["connect", "no connection came about"],
    ["tls", "its certificate has expired"],
    ["timeout", "it did not answer in time"],
    ["too-large", "its answer is larger than is accepted"],
    ["status", "answered 500"],
    ["status", "answered 302 and a redirect"],
    ["invalid", "HTML in place of JSON"],
  ] as const) {
    test(`refuses a token when fetching the discovery document fails: ${detail}`, async () => {
      const { why } = await refusalOf({ documents: { ok: false, at: "discovery", reason, detail } }, refusal);
      assert.ok(why.includes(detail) && why.includes("discovery document"));
    });
  }

  test("refuses a token when fetching the JWK Set fails", async () => {
    const documents = { ok: false, at: "jwks", reason: "status", detail: "answered 404" } as const;
    assert.match((await refusalOf({ documents }, refusal)).why, /JWK Set/u);
  });

  test("asks for the documents once nothing else is wrong with the token", async () => {
    const decision = await attempt({ facts: { documents: undefined } });
    assert.ok(decision.outcome === "needs-documents");
    assert.deepEqual(
      [decision.issuer, decision.provider.arn, decision.kid],
      [issuer, providerArn, signer.kid],
    );
    assert.equal(decision.passed.at(-1), "audience-registered");
    const wrong = await attempt({ facts: { documents: undefined }, claims: { aud: "other" } });
    assert.equal(wrong.outcome, "refused");
  });

  test("accepts a token when both documents came", () => accepts());
});
