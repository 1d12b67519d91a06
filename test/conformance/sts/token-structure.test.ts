import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { accepts, grantOf, refusalOf, sign, signer, texts } from "../fixture.ts";

const refusal = { rule: "token-structure", code: "InvalidIdentityToken", text: texts.notAJwt };
const good = await sign();
const [header = "", payload = "", signature = ""] = good.split(".");
const base64url = (text: string): string => Buffer.from(text).toString("base64url");

describe("STS rule token-structure", () => {
  for (const [name, token] of [
    ["one segment", "opaque-access-token"],
    ["two segments", `${header}.${payload}`],
    ["four segments", `${good}.${signature}`],
    ["five segments, as an encrypted token has", `${header}.${payload}.${signature}.${payload}.${signature}`],
    ["an empty header", `.${payload}.${signature}`],
    ["a header that is no JSON", `${base64url("alg=RS256")}.${payload}.${signature}`],
    ["a payload that is a JSON list", `${header}.${base64url("[]")}.${signature}`],
    ["a payload that is no JSON", `${header}.${base64url("sub=me")}.${signature}`],
    ["characters beyond base64url", `${header}.${payload}=.${signature}`],
    ["a line break at its end", `${good}\n`],
    ["the word Bearer before it", `Bearer ${good}`],
    ["a header without alg", `${base64url('{"kid":"rsa"}')}.${payload}.${signature}`],
    ["a kid that is a number", `${base64url('{"alg":"RS256","kid":1}')}.${payload}.${signature}`],
  ] as const) {
    test(`refuses a token with ${name}`, async () => {
      const { why } = await refusalOf({ token }, refusal);
      assert.ok(!why.includes(signature) && !why.includes(payload), "no part of the token is repeated");
    });
  }

  test("takes the last one of a duplicated claim", async () => {
    const claims = JSON.stringify({
      iss: "https://oidc.example.test",
      iat: 1_795_000_000,
      exp: 1_795_003_600,
    }).slice(1, -1);
    const text = `{"sub":"first","aud":"sts.amazonaws.com",${claims},"sub":"system:serviceaccount:shop:cart"}`;
    assert.equal((await grantOf({ payload: text })).subject, "system:serviceaccount:shop:cart");
  });

  test("accepts a token without typ", () => accepts({ header: { typ: undefined }, key: signer }));
});
