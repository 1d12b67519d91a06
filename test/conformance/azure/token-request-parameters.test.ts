import { describe, test } from "node:test";
import { accepts, refuses } from "../azure-fixture.ts";

describe("Azure's rule token-request-parameters", () => {
  const rule = "token-request-parameters";
  test("refuses another grant type", () => {
    const text = "AADSTS70003: The app requested an unsupported grant type 'password'.";
    return refuses({ request: { grantType: "password" } }, { rule, code: "unsupported_grant_type", text });
  });
  test("refuses a call without a grant type", () => {
    const text = "AADSTS70003: The app requested an unsupported grant type ''.";
    return refuses({ request: { grantType: undefined } }, { rule, code: "unsupported_grant_type", text });
  });
  for (const [name, request] of [
    ["without an assertion", { clientAssertion: undefined }],
    ["with an empty one", { clientAssertion: "" }],
    ["with one of another type", { clientAssertionType: "urn:x" }],
  ] as const)
    test(`refuses a call ${name}`, () => {
      const text =
        "AADSTS7000218: The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
      return refuses({ request }, { rule, code: "invalid_client", status: 401, text });
    });
  test("accepts an assertion by client credentials", () => accepts());
});
