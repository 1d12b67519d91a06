import { describe, test } from "node:test";
import { createProvider, iamSandbox, refused } from "../../support/iam.ts";

describe("IAM provider-quota", () => {
  test("an account holds a hundred providers", async (t) => {
    const { iam } = await iamSandbox(t);
    await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        createProvider(iam, { Url: `https://p${index}.example.test` }),
      ),
    );
    await refused(
      createProvider(iam),
      "LimitExceeded",
      "Cannot exceed quota for OpenIdConnectProvidersPerAccount: 100",
      409,
    );
  });
});
