import { describe, test } from "node:test";
import { accepts, refuses } from "../gcp-fixture.ts";

describe("Google's rule exchange-parameters", () => {
  for (const [name, request, parameter] of [
    ["another grant type", { grantType: "client_credentials" }, "grant_type"],
    ["no grant type", { grantType: undefined }, "grant_type"],
    ["another kind of token that is wanted", { requestedTokenType: "urn:x" }, "requested_token_type"],
    [
      "a token of AWS",
      { subjectTokenType: "urn:ietf:params:aws:token-type:aws4_request" },
      "subject_token_type",
    ],
  ] as const)
    test(`refuses ${name}`, () =>
      refuses(
        { request },
        { rule: "exchange-parameters", code: "invalid_request", text: `Invalid value for "${parameter}".` },
      ));

  test("accepts a JWT under either of its names", async () => {
    await accepts();
    await accepts({ request: { subjectTokenType: "urn:ietf:params:oauth:token-type:id_token" } });
  });
});
