import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { accepts, refusalOf, refuses } from "../gcp-fixture.ts";
import { ecKey, rsaKey, signer } from "../fixture.ts";

describe("Google's rule key-selection", () => {
  const text = "Error connecting to the given credential's issuer.";
  const expected = { rule: "key-selection", code: "invalid_grant", text };
  test("refuses a kid that the set has not, and names those that it has", async () => {
    const { why } = await refusalOf({ header: { kid: "unknown" } }, expected);
    assert.match(why, /the token's kid is "unknown", and the set has "rsa"/u);
  });
  test("refuses a token without kid", () => refuses({ header: { kid: undefined } }, expected));
  test("refuses an empty set", () => refuses({ keys: [] }, expected));
  test("refuses a set that is no list", () => refuses({ provider: { jwksJson: '{"keys": 1}' } }, expected));
  test("refuses a token of an EC key under the kid of an RSA key", async () => {
    const key = await ecKey("rsa");
    await refuses({ key, keys: [signer.jwk] }, expected);
  });
  test("refuses another algorithm, and names those that are taken", async () => {
    const key = await rsaKey("rsa", "RS512");
    const { why } = await refusalOf({ key, keys: [key.jwk] }, expected);
    assert.match(why, /alg is "RS512", and Google verifies RS256 and ES256/u);
  });

  test("accepts ES256", async () => {
    const key = await ecKey();
    await accepts({ key, keys: [key.jwk] });
  });
});
