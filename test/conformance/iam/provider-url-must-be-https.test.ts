import { describe, test } from "node:test";
import { createProvider, iamSandbox, refused } from "../../support/iam.ts";

describe("IAM provider-url-must-be-https", () => {
  test("a provider's URL must begin with https://", async (t) => {
    const { iam } = await iamSandbox(t);
    await refused(
      createProvider(iam, { Url: "http://oidc.example.test" }),
      "InvalidInput",
      "Invalid Open ID Connect Provider URL. The URL must begin with https://.",
    );
    await refused(
      createProvider(iam, { Url: "oidc.example.test" }),
      "ValidationError",
      "Invalid Open ID Connect Provider URL",
    );
    await refused(
      createProvider(iam, { Url: "https://" }),
      "InvalidInput",
      "Invalid Open ID Connect Provider URL",
    );
  });

  test("a provider's URL has 1 to 255 characters", async (t) => {
    const { iam } = await iamSandbox(t);
    const url = `https://oidc.example.test/${"a".repeat(255 - 26)}`;
    await createProvider(iam, { Url: url });
    await refused(
      createProvider(iam, { Url: `${url}a` }),
      "ValidationError",
      `1 validation error detected: Value '${url}a' at 'url' failed to satisfy constraint: Member must have length less than or equal to 255`,
    );
  });
});
