import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { accepts, refusalOf, refuses } from "../azure-fixture.ts";
import { issuer, rsaKey, signer } from "../fixture.ts";
import { served } from "../gcp-fixture.ts";

describe("Azure's rule key-selection", () => {
  const expected = (kid: string) => ({
    rule: "key-selection",
    code: "invalid_client",
    status: 401,
    text: `AADSTS7000272: The certificate with identifier ${kid} used to sign the federated credential could not be found in the metadata of identity provider ${issuer}. Please validate that your Identity Provider's metadata exposes the key used to sign the incoming token.`,
  });
  test("refuses a kid that the set has not, and names those that it has", async () => {
    const { why } = await refusalOf({ header: { kid: "unknown" } }, expected("unknown"));
    assert.match(why, /the set has "rsa"/u);
  });
  test("refuses the 101st key", async () => {
    const { jwk } = await rsaKey("other");
    const many = Array.from({ length: 100 }, (_, index) => ({ ...jwk, kid: `k${index}` }));
    await refuses({ facts: { documents: served([...many, signer.jwk]) } }, expected("rsa"));
  });
  test("refuses an empty set", () => refuses({ facts: { documents: served([]) } }, expected("rsa")));
  test("accepts the key of that kid", () => accepts());
});
