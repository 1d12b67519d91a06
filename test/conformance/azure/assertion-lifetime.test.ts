import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { relyingParties } from "../../../src/rules/oidc/index.ts";
import { accepts, refusalOf } from "../azure-fixture.ts";
import { now } from "../fixture.ts";

const iat = now - 60;

describe("Azure's rule assertion-lifetime", () => {
  const expected = (issued: number, exp: number) => ({
    rule: "assertion-lifetime",
    code: "invalid_client",
    status: 401,
    text: `AADSTS70023: External OIDC Provider token must have a lifetime of less than or equal to 1.01:00:00. Token issued at ${issued}. Token expires on ${exp}.`,
  });
  test("takes 25 hours, which its own text has as 1.01:00:00, and not a second more", async () => {
    assert.equal(relyingParties.azure.maxTokenSeconds, (24 + 1) * 3600);
    const exp = iat + relyingParties.azure.maxTokenSeconds;
    await accepts({ claims: { exp } });
    await refusalOf({ claims: { exp: exp + 1 } }, expected(iat, exp + 1));
  });
  test("refuses the token of a year that a TokenRequest may ask for", async () => {
    const exp = iat + 365 * 86_400;
    const { why, next } = await refusalOf({ claims: { exp } }, expected(iat, exp));
    assert.match(why, /good for 365 days, and Azure takes 25 hours/u);
    assert.match(next, /expirationSeconds of 3600 to 86400/u);
  });
  test("refuses a token without iat, whatever its exp", async () => {
    const exp = now + 3540;
    const { why } = await refusalOf({ claims: { nbf: undefined, iat: undefined, exp } }, expected(0, exp));
    assert.match(why, /iat is nothing, which counts as 1970/u);
  });
});
