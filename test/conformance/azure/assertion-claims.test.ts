import { describe, test } from "node:test";
import { accepts, refuses } from "../azure-fixture.ts";

describe("Azure's rule assertion-claims", () => {
  for (const name of ["iss", "sub", "aud"])
    test(`refuses a token without ${name}`, () => {
      const text = `AADSTS90014: The required field '${name}' is missing from the credential. Ensure that you have all the necessary parameters for the login request.`;
      return refuses(
        { claims: { [name]: undefined } },
        { rule: "assertion-claims", code: "invalid_request", text },
      );
    });
  test("accepts all three", () => accepts());
});
