import { describe, test } from "node:test";
import { createProvider, iamSandbox, refused } from "../../support/iam.ts";

describe("IAM provider-url-has-no-query-or-fragment", () => {
  test("a query or a fragment in a provider's URL is refused, with one word", async (t) => {
    const { iam } = await iamSandbox(t);
    for (const end of ["?tenant=1", "#part", "/path?x", "?"]) {
      await refused(
        createProvider(iam, { Url: `https://oidc.example.test${end}` }),
        "InvalidInput",
        "Unknown",
      );
    }
  });
});
