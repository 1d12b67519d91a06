import { describe, test } from "node:test";
import { accepts, now, refuses } from "../fixture.ts";

describe("STS rule not-before-reached", () => {
  for (const ahead of [301, 3600]) {
    test(`refuses a token that is good from ${ahead} seconds on`, () =>
      refuses(
        { claims: { nbf: now + ahead, exp: now + 7200 } },
        {
          rule: "not-before-reached",
          code: "InvalidIdentityToken",
          text: `Token not yet valid: current date/time ${now + 300} must be after or equal to the not-before date/time ${now + ahead}`,
        },
      ));
  }

  for (const nbf of [now + 300, now, undefined]) {
    test(`accepts a token whose nbf is ${nbf ?? "absent"}`, () => accepts({ claims: { nbf } }));
  }
});
