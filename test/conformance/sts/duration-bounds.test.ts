import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { grantOf, refuses } from "../fixture.ts";

describe("STS rule duration-bounds", () => {
  for (const [value, constraint] of [
    ["899", "have value greater than or equal to 900"],
    ["-1", "have value greater than or equal to 900"],
    ["43201", "have value less than or equal to 43200"],
    ["one hour", "be a valid integer"],
    ["3600.5", "be a valid integer"],
    ["", "be a valid integer"],
  ] as const) {
    test(`refuses DurationSeconds ${JSON.stringify(value)}`, () =>
      refuses(
        { request: { durationSeconds: value } },
        {
          rule: "duration-bounds",
          code: "ValidationError",
          text: `1 validation error detected: Value '${value}' at 'durationSeconds' failed to satisfy constraint: Member must ${constraint}`,
        },
      ));
  }

  test("accepts 900 seconds, and 43,200 for a role that allows them", async () => {
    assert.equal((await grantOf({ request: { durationSeconds: "900" } })).duration, 900);
    const role = { maxSessionDuration: 43_200 };
    assert.equal((await grantOf({ request: { durationSeconds: "43200" }, role })).duration, 43_200);
  });
});
