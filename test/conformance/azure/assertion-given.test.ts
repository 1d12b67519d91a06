import { describe, test } from "node:test";
import { accepts, refuses } from "../azure-fixture.ts";

describe("Azure's rule assertion-given", () => {
  const rule = "assertion-given";
  for (const clientAssertion of [undefined, ""])
    test(`refuses a call with ${clientAssertion === "" ? "an empty assertion" : "no assertion"}`, () => {
      const text =
        "AADSTS7000216: 'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.";
      return refuses({ request: { clientAssertion } }, { rule, code: "invalid_client", status: 401, text });
    });
  for (const clientAssertionType of ["urn:x", undefined])
    test(`refuses an assertion ${clientAssertionType === undefined ? "without a type" : "of another type"}`, () => {
      const text = "AADSTS90011: Unexpected client assertion type.";
      return refuses({ request: { clientAssertionType } }, { rule, code: "invalid_request", text });
    });
  test("accepts a JWT", () => accepts());
});
