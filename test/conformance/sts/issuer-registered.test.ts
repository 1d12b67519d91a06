import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  account,
  audience,
  grantOf,
  issuer,
  providerArn,
  providerUrl,
  refusalOf,
  refuses,
  texts,
} from "../fixture.ts";

const refusal = (iss: string): Parameters<typeof refuses>[1] => ({
  rule: "issuer-registered",
  code: "InvalidIdentityToken",
  text: {
    legacy: `No OpenIDConnect provider found in your account for ${iss}`,
    "2026": texts.couldNotBeValidated,
  },
});

describe("STS rule issuer-registered", () => {
  for (const [iss, hint] of [
    [`${issuer}/`, /slash/u],
    [issuer.replace("https", "http"), /:\/\//u],
    [issuer.replace("oidc", "OIDC"), /case/u],
    [`${issuer}:443`, /:443/u],
    [`${issuer} `, /white space/u],
    [issuer.replace("example", "exampel"), /nearest/u],
    ["https://kubernetes.default.svc.cluster.local", /no OIDC provider/u],
  ] as const) {
    test(`refuses iss ${JSON.stringify(iss)}`, async () => {
      const { why } = await refusalOf({ claims: { iss } }, refusal(iss));
      assert.match(why, hint);
    });
  }

  test("refuses iss without a scheme", () => refuses({ claims: { iss: providerUrl } }, refusal(providerUrl)));

  test("refuses iss that is a number", () => refuses({ claims: { iss: 7 } }, refusal("7")));

  test("refuses a token whose provider was deleted", async () => {
    const { why } = await refusalOf({ providers: [] }, refusal(issuer));
    assert.match(why, /nor any other/u);
  });

  test("refuses a token when the provider differs by a final slash", async () => {
    const slashed = { arn: `${providerArn}/`, url: `${providerUrl}/`, clientIds: [audience] };
    await refuses({ providers: [slashed] }, refusal(issuer));
  });

  test("accepts a token whose provider is one of many, and names it in the answer", async () => {
    const other = { arn: `arn:aws:iam::${account}:oidc-provider/a.test`, url: "a.test", clientIds: [] };
    const own = { arn: providerArn, url: providerUrl, clientIds: [audience] };
    assert.equal((await grantOf({ providers: [other, own] })).provider.arn, providerArn);
  });
});
