import { describe, test } from "node:test";
import { accepts, now, refuses } from "../fixture.ts";

describe("STS rule issued-in-past", () => {
  for (const ahead of [301, 3600]) {
    test(`refuses a token issued ${ahead} seconds from now`, () =>
      refuses(
        { claims: { iat: now + ahead, exp: now + 7200 } },
        {
          rule: "issued-in-past",
          code: "InvalidIdentityToken",
          text: `Token issued in the future: ${now + ahead}`,
        },
      ));
  }

  for (const ahead of [300, 276, 0, -86_400]) {
    test(`accepts a token issued ${ahead} seconds from now`, () => accepts({ claims: { iat: now + ahead } }));
  }
});
