import { describe, test } from "node:test";
import { accepts, refuses } from "../fixture.ts";

const rule = "provider-id-absent";

describe("STS rule provider-id-absent", () => {
  test("refuses the ProviderId of Login with Amazon", () =>
    refuses(
      { request: { providerId: "www.amazon.com" } },
      { rule, code: "InvalidIdentityToken", text: "Provided Token is not a Login With Amazon token" },
    ));

  test("refuses the ProviderId of Facebook", () =>
    refuses(
      { request: { providerId: "graph.facebook.com" } },
      {
        rule,
        code: "IDPRejectedClaim",
        status: 403,
        text: 'graph.facebook.com rejected OAuth token with response "Bad signature" and code 190',
      },
    ));

  for (const providerId of ["accounts.google.com", "https://www.amazon.com", "oidc.example.test"]) {
    test(`refuses ProviderId ${providerId}`, () =>
      refuses(
        { request: { providerId } },
        {
          rule,
          code: "AccessDenied",
          status: 403,
          text: "Unrecognized OAuth provider. Do not include a provider parameter when submitting OpenIDConnect ID tokens",
        },
      ));
  }

  test("accepts a request without ProviderId", () => accepts());
});
