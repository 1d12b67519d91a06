import { describe, test } from "node:test";
import { accepts, refuses } from "../azure-fixture.ts";
import { tenant } from "../azure-fixture.ts";

describe("Azure's rule resource-known", () => {
  test("refuses a resource that the tenant does not know", () => {
    const text = `AADSTS500011: The resource principal named https://vault.azure.net was not found in the tenant named ${tenant}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.`;
    return refuses(
      { facts: { isResourceKnown: false } },
      { rule: "resource-known", code: "invalid_resource", text },
    );
  });
  test("accepts one that it knows", () => accepts());
});
