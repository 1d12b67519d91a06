import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { accepts, refusalOf } from "../openbao-fixture.ts";
import { ecKey, rsaKey } from "../fixture.ts";
import { served } from "../gcp-fixture.ts";

describe("OpenBao's rule token-signature", () => {
  const text = "error validating token: error verifying token signature: failed to verify id token signature";
  const expected = { rule: "token-signature", text };
  test("refuses a kid that the issuer has not", async () => {
    const { why } = await refusalOf({ header: { kid: "unknown" } }, expected);
    assert.match(why, /the issuer has no such key/u);
  });
  test("refuses a token of another key under the same kid", async () => {
    const { why } = await refusalOf({ key: await rsaKey("rsa") }, expected);
    assert.match(why, /has not signed this token/u);
  });
  test("accepts ES256, and a token without kid", async () => {
    const key = await ecKey();
    await accepts({ key, facts: { documents: served([key.jwk]) } });
    await accepts({ header: { kid: undefined } });
  });
});
