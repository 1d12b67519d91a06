import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { accepts, refuses } from "../gcp-fixture.ts";
import { discovery, signer } from "../fixture.ts";
import { exchangeFacts, served } from "../gcp-fixture.ts";
import { decideExchange } from "../../../src/rules/gcp/index.ts";
import { keyChecks } from "../../../src/rules/keys/index.ts";

describe("Google's rule issuer-documents", () => {
  const text = "Error connecting to the given credential's issuer.";
  const expected = { rule: "issuer-documents", code: "invalid_grant", text };
  for (const [name, change] of [
    [
      "an issuer that does not answer",
      { documents: { ok: false, at: "discovery", reason: "refused", detail: "no" } },
    ],
    [
      "a JWK Set that does not come",
      { documents: { ok: false, at: "jwks", reason: "status", detail: "404" } },
    ],
    ["a discovery document that is none", { documents: served([signer.jwk], "<html>") }],
    [
      "one of another issuer",
      { documents: served([signer.jwk], discovery({ issuer: "https://other.test" })) },
    ],
    ["a JWK Set that is none", { documents: { ok: true, discovery: discovery(), jwks: "<html>" } }],
    ["uploaded keys that cannot be read", { provider: { jwksJson: "no" } }],
  ] as const)
    test(`refuses ${name}`, () => refuses(change, expected));

  test("accepts uploaded keys, whatever the issuer serves", () => accepts());
  test("accepts what the issuer serves", () => accepts({ documents: served() }));
  test("asks for the documents where there are neither", async () => {
    const facts = await exchangeFacts({ documents: served() });
    const { outcome } = decideExchange({ ...facts, documents: undefined }, keyChecks);
    assert.equal(outcome, "needs-documents");
  });
});
