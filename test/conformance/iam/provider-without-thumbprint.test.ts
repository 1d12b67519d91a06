import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { describe, test } from "node:test";
import { GetOpenIDConnectProviderCommand } from "@aws-sdk/client-iam";
import { testAuthority } from "../../support/certificates.ts";
import { createProvider, iamSandbox, refused } from "../../support/iam.ts";
import { startIssuer } from "../../support/issuer-server.ts";

const authority = await testAuthority();

describe("IAM provider-without-thumbprint", () => {
  test("without a thumbprint IAM fetches that of the last certificate of the JWK Set's host", async (t) => {
    const server = await startIssuer(authority);
    t.after(() => server.close());
    server.publish([]);
    const { iam } = await iamSandbox(t, { ca: authority.root, connectTo: server.connectTo });
    const input = { Url: server.issuer, ThumbprintList: undefined };
    const arn = await createProvider(iam, input);
    const { ThumbprintList: list } = await iam.send(
      new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn }),
    );
    const root = new X509Certificate(authority.root).fingerprint.replaceAll(":", "").toLowerCase();
    assert.deepEqual(list, [root]);
  });

  test("an issuer that does not answer, or answers nonsense, stops the creation", async (t) => {
    const server = await startIssuer(authority);
    t.after(() => server.close());
    const { iam } = await iamSandbox(t, { ca: authority.root, connectTo: server.connectTo });
    const input = { Url: server.issuer, ThumbprintList: [] };
    server.pages.set("/.well-known/openid-configuration", { body: "<html>" });
    await refused(
      createProvider(iam, input),
      "OpenIdIdpCommunicationError",
      `Please check .well-known/openid-configuration of provider: ${server.issuer} is valid.`,
    );
    await refused(
      createProvider(iam, { ...input, Url: "https://nobody.invalid" }),
      "OpenIdIdpCommunicationError",
      "Could not connect to openid configuration of provider: https://nobody.invalid",
    );
  });

  test("with a thumbprint IAM does not connect to the issuer", async (t) => {
    const server = await startIssuer(authority);
    t.after(() => server.close());
    const { iam } = await iamSandbox(t, { ca: authority.root, connectTo: server.connectTo });
    await createProvider(iam, { Url: server.issuer });
    assert.deepEqual(server.requests, []);
  });
});
