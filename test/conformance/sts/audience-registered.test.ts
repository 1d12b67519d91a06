import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { audience, grantOf, providerUrl, refuses, subject, texts, trust } from "../fixture.ts";

const refusal = {
  rule: "audience-registered",
  code: "InvalidIdentityToken",
  text: { legacy: "Incorrect token audience", "2026": texts.couldNotBeValidated },
};

describe("STS rule audience-registered", () => {
  for (const [name, claims] of [
    ["another audience", { aud: "https://kubernetes.default.svc" }],
    ["an audience in upper case", { aud: audience.toUpperCase() }],
    ["an empty audience", { aud: "" }],
    ["a registered audience and an azp that is not", { azp: "somebody" }],
    ["a registered audience and an empty azp", { azp: "" }],
    ["an azp that is a number", { azp: 1 }],
  ] as const) {
    test(`refuses ${name}`, () => refuses({ claims }, refusal));
  }

  test("refuses an aud whose second of two values is not registered", () => {
    const rest = JSON.stringify({
      iss: "https://oidc.example.test",
      sub: subject,
      iat: 1_795_000_000,
      exp: 1_795_003_600,
    });
    return refuses({ payload: `${rest.slice(0, -1)},"aud":"${audience}","aud":"other"}` }, refusal);
  });

  test("refuses every token at a provider without client IDs", () =>
    refuses({ provider: { clientIds: [] } }, refusal));

  test("accepts an unregistered audience with a registered azp, which only :oaud tells apart", async () => {
    const claims = { aud: "anything", azp: audience };
    const { audience: granted, claims: keys } = await grantOf({ claims });
    assert.equal(granted, audience);
    assert.deepEqual(keys[`${providerUrl}:oaud`], ["anything"]);
    await refuses(
      { claims, trust: trust({ StringEquals: { [`${providerUrl}:oaud`]: audience } }) },
      { rule: "trust-policy", code: "AccessDenied", status: 403, text: texts.notAuthorized },
    );
  });
});
