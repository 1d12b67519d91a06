import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { GetOpenIDConnectProviderCommand } from "@aws-sdk/client-iam";
import { account, createProvider, iamSandbox, refused } from "../../support/iam.ts";

describe("IAM provider-url-port", () => {
  test("port 443 is accepted and dropped, so that both spellings are one provider", async (t) => {
    const { iam } = await iamSandbox(t);
    const arn = await createProvider(iam, { Url: "https://oidc.example.test:443/cluster" });
    assert.equal(arn, `arn:aws:iam::${account}:oidc-provider/oidc.example.test/cluster`);
    const provider = await iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn }));
    assert.equal(provider.Url, "oidc.example.test/cluster");
    await refused(
      createProvider(iam, { Url: "https://oidc.example.test/cluster" }),
      "EntityAlreadyExists",
      "Provider with url https://oidc.example.test/cluster already exists.",
      409,
    );
  });

  test("a port other than 443 is refused", async (t) => {
    const { iam } = await iamSandbox(t);
    for (const port of ["6443", "80", "4430", "443443"]) {
      await refused(
        createProvider(iam, { Url: `https://oidc.example.test:${port}` }),
        "InvalidInput",
        "Invalid Open ID Connect Provider URL",
      );
    }
  });
});
