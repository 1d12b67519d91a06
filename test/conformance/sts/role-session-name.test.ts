import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { grantOf, refuses } from "../fixture.ts";

const pattern = String.raw`[\w+=,.@-]*`;

describe("STS rule role-session-name", () => {
  for (const [value, constraint] of [
    [undefined, "not be null"],
    ["a", "have length greater than or equal to 2"],
    ["a b", `satisfy regular expression pattern: ${pattern}`],
    ["Session1:2", `satisfy regular expression pattern: ${pattern}`],
    ["größe", `satisfy regular expression pattern: ${pattern}`],
    ["x".repeat(65), "have length less than or equal to 64"],
  ] as const) {
    test(`refuses RoleSessionName ${String(value).slice(0, 20)}`, () => {
      const what = value === undefined ? "Value" : `Value '${value}'`;
      return refuses(
        { request: { roleSessionName: value } },
        {
          rule: "role-session-name",
          code: "ValidationError",
          text: `1 validation error detected: ${what} at 'roleSessionName' failed to satisfy constraint: Member must ${constraint}`,
        },
      );
    });
  }

  test("accepts a RoleSessionName of 2 and of 64 characters", async () => {
    assert.equal((await grantOf({ request: { roleSessionName: "ab" } })).sessionName, "ab");
    const long = "_+=,.@-a".repeat(8);
    assert.equal((await grantOf({ request: { roleSessionName: long } })).sessionName, long);
  });
});
