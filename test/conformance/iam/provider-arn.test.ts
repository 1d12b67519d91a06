import { describe, test } from "node:test";
import { DeleteOpenIDConnectProviderCommand, GetOpenIDConnectProviderCommand } from "@aws-sdk/client-iam";
import { iamSandbox, refused } from "../../support/iam.ts";

describe("IAM provider-arn", () => {
  test("a text that is not the ARN of a provider is refused", async (t) => {
    const { iam } = await iamSandbox(t);
    for (const arn of ["https://oidc.example.test", "arn:aws:iam::111122223333:role/demo"]) {
      const input = { OpenIDConnectProviderArn: arn };
      await refused(
        iam.send(new GetOpenIDConnectProviderCommand(input)),
        "ValidationError",
        `Invalid ARN: ${arn}`,
      );
      await refused(
        iam.send(new DeleteOpenIDConnectProviderCommand(input)),
        "ValidationError",
        `Invalid ARN: ${arn}`,
      );
    }
    await refused(
      iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: "short" })),
      "ValidationError",
      "1 validation error detected: Value 'short' at 'openIDConnectProviderArn' failed to satisfy constraint: Member must have length greater than or equal to 20",
    );
  });

  test("a provider of another account is out of reach", async (t) => {
    const { iam } = await iamSandbox(t);
    const input = { OpenIDConnectProviderArn: "arn:aws:iam::999988887777:oidc-provider/oidc.example.test" };
    await refused(
      iam.send(new GetOpenIDConnectProviderCommand(input)),
      "AccessDenied",
      /outside your own account/u,
      403,
    );
  });
});
