import { describe, test } from "node:test";
import { acceptsImpersonation as accepts, refusesImpersonation as refuses } from "../gcp-fixture.ts";

describe("Google's rule lifetime-bounds", () => {
  const expected = (text: string) => ({ rule: "lifetime-bounds", code: "INVALID_ARGUMENT", text });
  test("refuses nothing", () => {
    refuses({ lifetime: 0 }, expected("Lifetime of access token must be larger then zero."));
  });
  test("refuses more than an hour, where no policy allows it", () => {
    const text =
      "You can not have lifetimes of more than 1 hour. Use the Org Policy Constraint constraints/iam.allowServiceAccountCredentialLifetimeExtension to allow up to 12 hours.";
    refuses({ lifetime: 3601 }, expected(text));
  });
  test("accepts a second, an hour, and twelve where the policy allows them", () => {
    accepts({ lifetime: 1 });
    accepts();
    accepts({ lifetime: 43_200, maxLifetime: 43_200 });
  });
});
