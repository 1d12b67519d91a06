import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { grantOf, refuses } from "../azure-fixture.ts";

describe("Azure's rule scope-default", () => {
  for (const [name, scope, shown] of [
    [
      "a permission",
      "https://vault.azure.net/user_impersonation",
      "https://vault.azure.net/user_impersonation",
    ],
    ["nothing", undefined, ""],
  ] as const)
    test(`refuses ${name}`, () => {
      const text = `AADSTS1002012: The provided value for scope ${shown} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).`;
      return refuses({ request: { scope } }, { rule: "scope-default", code: "invalid_scope", text });
    });
  test("accepts a resource beside the scopes that libraries add", async () => {
    assert.equal((await grantOf()).resource, "https://vault.azure.net");
  });
});
