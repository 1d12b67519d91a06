import { describe, test } from "node:test";
import { accepts, refuses } from "../azure-fixture.ts";

describe("Azure's rule assertion-structure", () => {
  test("refuses what is no JWT", () =>
    refuses(
      { request: { clientAssertion: "secret" } },
      {
        rule: "assertion-structure",
        code: "invalid_request",
        text: "AADSTS50027: JWT token is invalid or malformed.",
      },
    ));
  test("accepts a JWT", () => accepts());
  test("accepts a JWT that is longer than AWS would take, since no limit is known", () =>
    accepts({ claims: { pad: "p".repeat(30_000) } }));
});
