import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { GetOpenIDConnectProviderCommand, ListOpenIDConnectProvidersCommand } from "@aws-sdk/client-iam";
import { account, createProvider, iamSandbox } from "../../support/iam.ts";

describe("IAM provider-url-is-kept-verbatim", () => {
  test("a final slash and upper case make other providers, and stay as they came", async (t) => {
    const { iam } = await iamSandbox(t);
    const keys = [
      "oidc.example.test/path",
      "oidc.example.test/path/",
      "OIDC.example.test/path",
      "oidc.example.test/",
    ];
    for (const key of keys) {
      const arn = await createProvider(iam, { Url: `https://${key}` });
      assert.equal(arn, `arn:aws:iam::${account}:oidc-provider/${key}`);
      const provider = await iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn }));
      assert.equal(provider.Url, key);
    }
    const { OpenIDConnectProviderList: list } = await iam.send(new ListOpenIDConnectProvidersCommand({}));
    assert.deepEqual(
      list?.map(({ Arn }) => Arn).sort(),
      keys.map((key) => `arn:aws:iam::${account}:oidc-provider/${key}`).sort(),
    );
  });
});
