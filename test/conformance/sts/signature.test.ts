import assert from "node:assert/strict";
import { test } from "node:test";
import { ecKey, goodClaims, grantOf, refusalOf, refuses, rsaKey, sign, signer, texts } from "../fixture.ts";

const refusal = { rule: "signature", code: "InvalidIdentityToken", text: texts.couldNotBeValidated };
const other = await rsaKey();
const token = await sign();
const [header = "", payload = "", signature = ""] = token.split(".");

function withClaims(claims: object): string {
  return `${header}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.${signature}`;
}

test("another key that uses the same kid", () => refuses({ key: other, keys: [signer.jwk] }, refusal));

test("a claim changed after signing", () =>
  refuses({ token: withClaims({ ...goodClaims, sub: "system:serviceaccount:shop:admin" }) }, refusal));

test("one bit of the signature flipped", () => {
  const bytes = Buffer.from(signature, "base64url");
  bytes[10] = (bytes[10] ?? 0) ^ 1;
  return refuses({ token: `${header}.${payload}.${bytes.toString("base64url")}` }, refusal);
});

test("an empty signature", () => refuses({ token: `${header}.${payload}.` }, refusal));

test("the signature of another token", async () => {
  const [, , theirs] = (await sign({ claims: { jti: "2" } })).split(".");
  await refuses({ token: `${header}.${payload}.${theirs}` }, refusal);
});

test("a kid that stands twice, the right key first", () =>
  refuses({ keys: [signer.jwk, { ...other.jwk, kid: signer.kid }] }, refusal));

test("a key of the attacker in the header, under the published kid", () =>
  refuses({ key: other, header: { jwk: other.jwk }, keys: [signer.jwk] }, refusal));

test("an EC key of another curve than the alg's", async () => {
  const [p256, p384] = [await ecKey("ec"), await ecKey("ec", "ES384")];
  await refuses({ key: p256, keys: [p384.jwk] }, refusal);
});

test("a published key with which anybody could sign: the exponent 1", async () => {
  const { why } = await refusalOf({ keys: [{ ...signer.jwk, e: "AQ" }] }, refusal);
  assert.match(why, /nothing can be verified with key "rsa": its RSA exponent is 1/u);
});

test("the same token is accepted as often as it is shown: there is no replay check", async () => {
  assert.deepEqual(await grantOf({ token }), await grantOf({ token }));
});
