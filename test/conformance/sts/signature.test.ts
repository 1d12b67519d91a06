import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ecKey, goodClaims, grantOf, refusalOf, refuses, rsaKey, sign, signer, texts } from "../fixture.ts";

const refusal = { rule: "signature", code: "InvalidIdentityToken", text: texts.couldNotBeValidated };
const other = await rsaKey();
const token = await sign();
const [header = "", payload = "", signature = ""] = token.split(".");

function withClaims(claims: object): string {
  return `${header}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.${signature}`;
}

describe("STS rule signature", () => {
  test("refuses a token signed by another key under the same kid", () =>
    refuses({ key: other, keys: [signer.jwk] }, refusal));

  test("refuses a token with a claim that was changed after signing", () =>
    refuses({ token: withClaims({ ...goodClaims, sub: "system:serviceaccount:shop:admin" }) }, refusal));

  test("refuses a token with one bit of its signature flipped", () => {
    const bytes = Buffer.from(signature, "base64url");
    bytes[10] = (bytes[10] ?? 0) ^ 1;
    return refuses({ token: `${header}.${payload}.${bytes.toString("base64url")}` }, refusal);
  });

  test("refuses a token with an empty signature", () => refuses({ token: `${header}.${payload}.` }, refusal));

  test("refuses a token with the signature of another token", async () => {
    const [, , theirs] = (await sign({ claims: { jti: "2" } })).split(".");
    await refuses({ token: `${header}.${payload}.${theirs}` }, refusal);
  });

  test("refuses a token whose kid stands twice in the set, the right key first", () =>
    refuses({ keys: [signer.jwk, { ...other.jwk, kid: signer.kid }] }, refusal));

  test("refuses a token with the attacker's key in its header, under the published kid", () =>
    refuses({ key: other, header: { jwk: other.jwk }, keys: [signer.jwk] }, refusal));

  test("refuses a token signed by an EC key of another curve than its alg's", async () => {
    const [p256, p384] = [await ecKey("ec"), await ecKey("ec", "ES384")];
    await refuses({ key: p256, keys: [p384.jwk] }, refusal);
  });

  test("refuses a token of a published key with which anybody could sign: the exponent 1", async () => {
    const { why } = await refusalOf({ keys: [{ ...signer.jwk, e: "AQ" }] }, refusal);
    assert.match(why, /nothing can be verified with key "rsa": its RSA exponent is 1/u);
  });

  test("accepts the same token as often as it is shown: there is no replay check", async () => {
    assert.deepEqual(await grantOf({ token }), await grantOf({ token }));
  });
});
