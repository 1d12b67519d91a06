import { describe, test } from "node:test";
import { accepts, refuses } from "../gcp-fixture.ts";
import { audience, providerName } from "../gcp-fixture.ts";

describe("Google's rule exchange-audience", () => {
  const text =
    'Invalid value for "audience". This value should be the full resource name of the Identity Provider. See https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token for the list of possible formats.';
  for (const [name, given] of [
    ["the token's audience, with https: before it", audience],
    ["a provider's name without the host", providerName],
    ["a pool's name", `//iam.googleapis.com/${providerName.replace(/\/providers\/.*/u, "")}`],
    ["nothing", undefined],
  ] as const)
    test(`refuses ${name}`, () =>
      refuses(
        { request: { audience: given } },
        { rule: "exchange-audience", code: "invalid_request", text },
      ));

  test("accepts the provider's full name", () => accepts());
});
