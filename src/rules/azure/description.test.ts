import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readDescribedCredentials } from "./index.ts";

const credential = { name: "cart", issuer: "https://a.test", subject: "s", audiences: ["x"] };

describe("what az lists", () => {
  test("is read of one file and of several, and an empty list is an identity without credentials", () => {
    assert.deepEqual(
      readDescribedCredentials([[{ ...credential, id: "more" }], { ...credential, name: "web" }]),
      [credential, { ...credential, name: "web" }],
    );
    assert.deepEqual(readDescribedCredentials([[]]), []);
  });

  test("without a file, or of something else, is refused", () => {
    assert.throws(() => readDescribedCredentials([]), {
      code: "description-invalid",
      message: /^no file describes/u,
    });
    assert.throws(() => readDescribedCredentials([[{ name: "cart" }]]), {
      message: /^the federated credential cart has no issuer$/u,
    });
  });
});
