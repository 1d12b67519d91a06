import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { claimsProblem, maxClaims } from "./index.ts";

const good = { iss: "https://oidc.example.com", sub: "system:serviceaccount:shop:web", iat: 1000, exp: 4600 };
const encoded = (claims: unknown): string => Buffer.from(JSON.stringify(claims)).toString("base64url");
const problem = (more: object): string | undefined => claimsProblem(encoded({ ...good, ...more }), 3600);

describe("what a signer signs", () => {
  test("the claims of a ServiceAccount's token that lives no longer than the maximum", () => {
    assert.equal(problem({}), undefined);
    assert.equal(problem({ aud: ["sts.amazonaws.com"], "kubernetes.io": { namespace: "shop" } }), undefined);
  });

  test("no token of any other subject", () => {
    for (const sub of [
      undefined,
      1,
      "system:admin",
      "system:serviceaccount:shop",
      "system:serviceaccount:A:b",
    ])
      assert.match(problem({ sub }) ?? "", /no ServiceAccount/u);
  });

  test("no token without an issuer or an end, with one before its begin, and none that outlives the maximum", () => {
    for (const iss of [undefined, "", 1]) assert.match(problem({ iss }) ?? "", /no issuer/u);
    for (const more of [{ iat: undefined }, { exp: undefined }, { exp: "4600" }])
      assert.match(problem(more) ?? "", /nothing of their life/u);
    for (const exp of [4601, 1000, 999, 1e300]) assert.match(problem({ exp }) ?? "", /may live 3600 s/u);
  });

  test("nothing that is no JSON object in base64url, nor one that is too large", () => {
    for (const text of ["", "{}", "a.b", "e30=", "not+base64", encoded([]), encoded("x"), "eyJ"])
      assert.match(claimsProblem(text, 3600) ?? "", /no JSON object/u);
    assert.match(claimsProblem("a".repeat(maxClaims + 1), 3600) ?? "", /more than/u);
  });
});
