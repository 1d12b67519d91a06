import { describe, test } from "node:test";
import { accepts, now, refuses } from "../fixture.ts";

describe("STS rule not-expired", () => {
  for (const ago of [300, 301, 3600]) {
    test(`refuses a token that expired ${ago} seconds ago`, () =>
      refuses(
        { claims: { exp: now - ago } },
        {
          rule: "not-expired",
          code: "ExpiredTokenException",
          text: `Token expired: current date/time ${now - 300} must be before the expiration date/time ${now - ago}`,
        },
      ));
  }

  test("refuses a token that expired in 1970", () =>
    refuses(
      { claims: { exp: "0" } },
      {
        rule: "not-expired",
        code: "ExpiredTokenException",
        text: `Token expired: current date/time ${now - 300} must be before the expiration date/time 0`,
      },
    ));

  for (const ago of [299, 0, -1]) {
    test(`accepts a token that expired ${ago} seconds ago`, () => accepts({ claims: { exp: now - ago } }));
  }
});
