import { describe, test } from "node:test";
import { accepts, refuses } from "../fixture.ts";

describe("STS rule provider-id-length", () => {
  for (const [value, constraint] of [
    ["", "have length greater than or equal to 4"],
    ["abc", "have length greater than or equal to 4"],
    ["p".repeat(2049), "have length less than or equal to 2048"],
  ] as const) {
    test(`refuses a ProviderId of ${value.length} characters`, () =>
      refuses(
        { request: { providerId: value } },
        {
          rule: "provider-id-length",
          code: "ValidationError",
          text: `1 validation error detected: Value '${value}' at 'providerId' failed to satisfy constraint: Member must ${constraint}`,
        },
      ));
  }

  test("accepts a request without ProviderId", () => accepts({ request: { providerId: undefined } }));
});
