import { test } from "node:test";
import { grantOf, refuses, rsaKey, signer, texts } from "../fixture.ts";

const refusal = {
  rule: "key-operations-absent",
  code: "InvalidIdentityToken",
  text: texts.couldNotBeValidated,
};

for (const operations of [["verify"], ["sign"], [], null]) {
  test(`key_ops ${JSON.stringify(operations)}`, () =>
    refuses({ keys: [{ ...signer.jwk, key_ops: operations }] }, refusal));
}

test("key_ops of another key do not matter", async () =>
  void (await grantOf({ keys: [{ ...(await rsaKey("other")).jwk, key_ops: ["verify"] }, signer.jwk] })));
