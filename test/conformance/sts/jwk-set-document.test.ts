import { describe, test } from "node:test";
import { accepts, discovery, refuses, signer, texts } from "../fixture.ts";

const refusal = { rule: "jwk-set-document", code: "InvalidIdentityToken", text: texts.noVerificationKey };

describe("STS rule jwk-set-document", () => {
  for (const jwks of [
    "",
    "<!doctype html>",
    "null",
    "[]",
    "{}",
    '{"keys":{}}',
    '{"keys":"none"}',
    '{"keys":[',
  ]) {
    test(`refuses a JWK Set that is ${JSON.stringify(jwks)}`, () =>
      refuses({ documents: { ok: true, discovery: discovery(), jwks } }, refusal));
  }

  test("accepts a JWK Set with entries that are no objects, and passes them by", () =>
    accepts({ keys: [null, 1, "key", signer.jwk] }));
});
