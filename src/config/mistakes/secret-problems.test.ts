import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { minimal, parse, withRole } from "../../../test/support/config-text.ts";
import type { PodtrustError } from "../../core/base/index.ts";

describe("secrets", () => {
  const secrets: [string, string, string][] = [
    ["a private key", `${minimal}cluster: {kubeconfig: "-----BEGIN PRIVATE KEY-----\\nMIIE"}\n`, "MIIE"],
    ["a token", `${minimal}cluster: {kubeconfig: "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"}\n`, "c2ln"],
    [
      "an access key",
      withRole("serviceAccounts: [a/b], description: AKIAIOSFODNN7EXAMPLE"),
      "AKIAIOSFODNN7EXAMPLE",
    ],
    [
      "a secret key",
      withRole("serviceAccounts: [a/b], description: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
      "wJalrXUtn",
    ],
    ["a key named token", `${minimal}cluster: {token: hunter2}\n`, "hunter2"],
    ["a password in a URL", `${minimal}cluster: {server: "https://a:hunter2@b"}\n`, "hunter2"],
  ];
  for (const [what, text, secret] of secrets) {
    test(`${what} is refused and not repeated`, async () => {
      await assert.rejects(parse(text), (error: PodtrustError) => {
        assert.match(error.message, /no secret may stand in this file/u);
        assert.equal(JSON.stringify(error.toJSON()).includes(secret), false);
        return true;
      });
    });
  }

  test("names of files that hold secrets are none", async () => {
    await parse(`${minimal}cluster: {server: "https://a:1", caFile: ca, tokenFile: token}\n`);
  });
});
