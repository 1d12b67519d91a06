import { test } from "node:test";
import { accepts, discovery, refuses, signer, texts } from "../fixture.ts";

const refusal = { rule: "jwk-set-document", code: "InvalidIdentityToken", text: texts.noVerificationKey };

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
  test(`a JWK Set that is ${JSON.stringify(jwks)}`, () =>
    refuses({ documents: { ok: true, discovery: discovery(), jwks } }, refusal));
}

test("entries that are no objects are passed by", () => accepts({ keys: [null, 1, "key", signer.jwk] }));
