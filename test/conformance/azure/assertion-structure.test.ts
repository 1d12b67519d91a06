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
});
