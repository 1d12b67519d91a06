import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { accepts, refuses } from "../azure-fixture.ts";
import { assertionFacts } from "../azure-fixture.ts";
import { discovery, rsaKey, signer } from "../fixture.ts";
import { served } from "../gcp-fixture.ts";
import { decideAssertion } from "../../../src/rules/azure/index.ts";
import { keyChecks } from "../../../src/rules/keys/index.ts";

describe("Azure's rule issuer-documents", () => {
  const expected = {
    rule: "issuer-documents",
    code: "invalid_request",
    text: "AADSTS50166: Request to External OIDC endpoint failed.",
  };
  for (const [name, documents] of [
    ["an issuer that is not public", { ok: false, at: "discovery", reason: "refused", detail: "no" }],
    [
      "a discovery document of another issuer",
      served([signer.jwk], discovery({ issuer: "https://other.test" })),
    ],
    ["a JWK Set that is none", { ok: true, discovery: discovery(), jwks: "<html>" }],
  ] as const)
    test(`refuses ${name}`, () => refuses({ facts: { documents } }, expected));
  test("accepts both documents, and looks at the first 100 keys", async () => {
    const { jwk } = await rsaKey("other");
    const many = Array.from({ length: 99 }, (_, index) => ({ ...jwk, kid: `k${index}` }));
    await accepts({ facts: { documents: served([...many, signer.jwk]) } });
  });
  test("asks for the documents where they were not fetched yet", async () => {
    const { outcome } = decideAssertion(await assertionFacts({ facts: { documents: undefined } }), keyChecks);
    assert.equal(outcome, "needs-documents");
  });
});
