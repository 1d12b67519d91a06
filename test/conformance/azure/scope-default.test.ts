import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { grantOf, refuses } from "../azure-fixture.ts";

const vault = "https://vault.azure.net";

describe("Azure's rule scope-default", () => {
  const rule = "scope-default";
  for (const [name, scope] of [
    ["a permission", `${vault}/user_impersonation`],
    ["a word", "all-apis"],
  ] as const)
    test(`refuses ${name}`, () => {
      const text = `AADSTS1002012: The provided value for scope ${scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).`;
      return refuses({ request: { scope } }, { rule, code: "invalid_scope", text });
    });
  for (const [name, scope] of [
    ["two resources", `${vault}/.default https://graph.microsoft.com/.default`],
    ["a permission beside the default", `${vault}/.default ${vault}/user_impersonation`],
    ["a bare resource", "https://management.core.windows.net/"],
    ["a bare resource beside the scopes that libraries add", `${vault} openid offline_access profile`],
  ] as const)
    test(`refuses ${name}`, () => {
      const text = `AADSTS70011: The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope ${scope} is not valid.`;
      return refuses({ request: { scope } }, { rule, code: "invalid_scope", text });
    });
  for (const scope of [undefined, ""])
    test(`refuses ${scope === "" ? "an empty scope" : "a call without one"}`, () => {
      const text =
        "AADSTS90014: The required field 'scope' is missing from the credential. Ensure that you have all the necessary parameters for the login request.";
      return refuses({ request: { scope } }, { rule, code: "invalid_request", text });
    });
  test("accepts a resource beside the scopes that libraries add", async () => {
    assert.equal((await grantOf()).resource, vault);
  });
});
