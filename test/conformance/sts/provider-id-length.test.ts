import { test } from "node:test";
import { accepts, refuses } from "../fixture.ts";

for (const [value, constraint] of [
  ["", "have length greater than or equal to 4"],
  ["abc", "have length greater than or equal to 4"],
  ["p".repeat(2049), "have length less than or equal to 2048"],
] as const) {
  test(`a ProviderId of ${value.length} characters`, () =>
    refuses(
      { request: { providerId: value } },
      {
        rule: "provider-id-length",
        code: "ValidationError",
        text: `1 validation error detected: Value '${value}' at 'providerId' failed to satisfy constraint: Member must ${constraint}`,
      },
    ));
}

test("without a ProviderId all is well", () => accepts({ request: { providerId: undefined } }));
