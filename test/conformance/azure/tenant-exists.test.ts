import { describe, test } from "node:test";
import { accepts, refuses } from "../azure-fixture.ts";
import { tenant } from "../azure-fixture.ts";

describe("Azure's rule tenant-exists", () => {
  test("refuses what is neither an id nor a domain", () => {
    const text =
      "AADSTS900023: Specified tenant identifier 'my tenant' is neither a valid DNS name, nor a valid external domain.";
    return refuses(
      { request: { tenant: "my tenant" } },
      { rule: "tenant-exists", code: "invalid_request", text },
    );
  });
  test("refuses a tenant that is not in this cloud", () => {
    const text = `AADSTS90002: Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.`;
    return refuses(
      { facts: { tenant: undefined } },
      { rule: "tenant-exists", code: "invalid_request", text },
    );
  });
  test("accepts an id and a domain", async () => {
    await accepts();
    await accepts({ request: { tenant: "example.onmicrosoft.com" } });
  });
});
