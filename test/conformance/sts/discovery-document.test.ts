import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { accepts, discovery, issuer, refusalOf, refuses, signer, texts } from "../fixture.ts";

const refusal = { rule: "discovery-document", code: "InvalidIdentityToken", text: texts.noVerificationKey };
const jwks = JSON.stringify({ keys: [signer.jwk] });

describe("STS rule discovery-document", () => {
  for (const member of [
    "issuer",
    "jwks_uri",
    "response_types_supported",
    "subject_types_supported",
    "id_token_signing_alg_values_supported",
  ]) {
    test(`refuses a discovery document without ${member}`, async () => {
      const { why } = await refusalOf({ discovery: { [member]: undefined } }, refusal);
      assert.ok(why.includes(member));
    });
  }

  for (const other of [`${issuer}/`, "https://kubernetes.default.svc", issuer.toUpperCase()]) {
    test(`refuses a discovery document whose issuer is ${other}`, async () => {
      assert.ok((await refusalOf({ discovery: { issuer: other } }, refusal)).why.includes(other));
    });
  }

  for (const text of ["", "<!doctype html>", "null", "[]"]) {
    test(`refuses a discovery document that is ${JSON.stringify(text)}`, () =>
      refuses({ documents: { ok: true, discovery: text, jwks } }, refusal));
  }

  test("accepts a discovery document without authorization_endpoint and token_endpoint", () =>
    accepts({ documents: { ok: true, discovery: discovery(), jwks } }));
});
