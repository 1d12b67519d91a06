import { describe, test } from "node:test";
import { accepts, refuses, texts } from "../fixture.ts";

const refusal = { rule: "token-critical-headers", code: "InvalidIdentityToken", text: texts.notAJwt };

describe("STS rule token-critical-headers", () => {
  for (const name of ["exp", "http://example.test/extension"]) {
    test(`refuses a token whose crit names ${name}`, () =>
      refuses({ header: { crit: [name], [name]: 1 } }, refusal));
  }

  test("ignores unknown header members that are not critical", () =>
    accepts({ header: { "http://example.test/extension": 1 } }));
});
