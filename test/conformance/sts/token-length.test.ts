import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { accepts, goodClaims, refusalOf, sign } from "../fixture.ts";

describe("STS rule token-length", () => {
  for (const [token, constraint] of [
    [undefined, "not be null"],
    ["abc", "have length greater than or equal to 4"],
    ["a".repeat(20_001), "have length less than or equal to 20000"],
  ] as const) {
    test(`refuses a token of ${token?.length ?? "no"} characters, and does not repeat it`, async () => {
      const { why } = await refusalOf(
        { request: { webIdentityToken: token } },
        {
          rule: "token-length",
          code: "ValidationError",
          text: `1 validation error detected: Value at 'webIdentityToken' failed to satisfy constraint: Member must ${constraint}`,
        },
      );
      assert.ok(token === undefined || !why.includes(token));
    });
  }

  test("accepts a token of nearly 20,000 characters", async () => {
    const { length } = await sign({ claims: { pad: "" } });
    const pad = "p".repeat(Math.floor(((20_000 - length) * 3) / 4) - 4);
    const token = await sign({ claims: { ...goodClaims, pad } });
    assert.ok(token.length > 19_980 && token.length <= 20_000);
    await accepts({ token });
  });
});
