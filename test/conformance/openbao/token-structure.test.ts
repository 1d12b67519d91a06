import { describe, test } from "node:test";
import { accepts, refuses } from "../openbao-fixture.ts";

describe("OpenBao's rule token-structure", () => {
  test("refuses what is no JWT", () => {
    const text =
      "error validating token: error verifying token signature: oidc: malformed jwt: go-jose/go-jose: compact JWS format must have three parts";
    return refuses({ facts: { jwt: "s.abc" } }, { rule: "token-structure", text });
  });
  test("accepts a JWT", () => accepts());
  test("accepts a JWT that is longer than AWS would take, since no limit is known", () =>
    accepts({ claims: { pad: "p".repeat(30_000) } }));
});
