import { describe, test } from "node:test";
import { createProvider, iamSandbox, issuer, refused } from "../../support/iam.ts";

describe("IAM provider-exists-once", () => {
  test("a second provider of the same URL is refused", async (t) => {
    const { iam } = await iamSandbox(t);
    await createProvider(iam);
    await refused(
      createProvider(iam, { ClientIDList: ["other"] }),
      "EntityAlreadyExists",
      `Provider with url ${issuer} already exists.`,
      409,
    );
  });
});
