import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { accepts, refusalOf, refuses } from "../azure-fixture.ts";
import { now } from "../fixture.ts";

describe("Azure's rule assertion-time", () => {
  const at = (seconds: number): string => new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
  const expected = (from: number, until: number) => ({
    rule: "assertion-time",
    code: "invalid_client",
    status: 401,
    text: `AADSTS700024: Client assertion is not within its valid time range. Current time: ${at(now)}, assertion valid from ${at(from)}, expiry time of assertion ${at(until)}. Review the documentation at https://docs.microsoft.com/azure/active-directory/develop/active-directory-certificate-credentials .`,
  });
  test("refuses one that has expired", async () => {
    const { why } = await refusalOf({ claims: { exp: now - 300 } }, expected(now - 60, now - 300));
    assert.match(why, /expired .*, 5 minutes ago/u);
  });
  test("refuses one that is not good yet", async () => {
    const { why } = await refusalOf({ claims: { nbf: now + 301 } }, expected(now + 301, now + 3540));
    assert.match(why, /is good from/u);
  });
  test("refuses one without exp", () => refuses({ claims: { exp: undefined } }, expected(now - 60, 0)));
  test("accepts five minutes both ways, and iat in place of nbf", async () => {
    await accepts({ claims: { exp: now - 299, nbf: now + 300 } });
    await accepts({ claims: { nbf: undefined } });
  });
});
