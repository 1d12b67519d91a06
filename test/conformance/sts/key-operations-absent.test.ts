import { describe, test } from "node:test";
import { grantOf, refuses, rsaKey, signer, texts } from "../fixture.ts";

const refusal = {
  rule: "key-operations-absent",
  code: "InvalidIdentityToken",
  text: texts.couldNotBeValidated,
};

describe("STS rule key-operations-absent", () => {
  for (const operations of [["verify"], ["sign"], [], null]) {
    test(`refuses a key with key_ops ${JSON.stringify(operations)}`, () =>
      refuses({ keys: [{ ...signer.jwk, key_ops: operations }] }, refusal));
  }

  test("accepts a token when another key of the set has key_ops", async () =>
    void (await grantOf({ keys: [{ ...(await rsaKey("other")).jwk, key_ops: ["verify"] }, signer.jwk] })));
});
