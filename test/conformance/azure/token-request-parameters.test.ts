import { describe, test } from "node:test";
import { accepts, refuses } from "../azure-fixture.ts";

describe("Azure's rule token-request-parameters", () => {
  const rule = "token-request-parameters";
  test("refuses another grant type", () => {
    const text = "AADSTS70003: The app requested an unsupported grant type 'password'.";
    return refuses({ request: { grantType: "password" } }, { rule, code: "unsupported_grant_type", text });
  });
  for (const [name, request] of [
    ["grant_type", { grantType: undefined, clientId: undefined }],
    ["grant_type", { grantType: "" }],
    ["client_id", { clientId: undefined }],
  ] as const)
    test(`refuses a call without ${name}: ${JSON.stringify(request)}`, () => {
      const text = `AADSTS900144: The request body must contain the following parameter: '${name}'.`;
      return refuses({ request }, { rule, code: "invalid_request", text });
    });
  test("accepts client credentials", () => accepts());
});
