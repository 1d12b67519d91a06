import { describe, test } from "node:test";
import { accepts, ecKey, refuses, signer, texts } from "../fixture.ts";

const refusal = { rule: "key-count", code: "InvalidIdentityToken", text: texts.noVerificationKey };
const ec = await ecKey();
const more = (count: number): object[] =>
  Array.from({ length: count }, (_, index) => ({ ...signer.jwk, kid: `other-${index}` }));

describe("STS rule key-count", () => {
  test("refuses an RSA token of a set of 101 RSA keys, the wanted one first", () =>
    refuses({ keys: [signer.jwk, ...more(100)] }, refusal));

  test("refuses an RSA token of a set of 101 RSA keys, the wanted one last", () =>
    refuses({ keys: [...more(100), signer.jwk] }, refusal));

  test("refuses an EC token of a set of 101 EC keys", () => {
    const keys = Array.from({ length: 101 }, (_, index) => ({
      ...ec.jwk,
      kid: index === 0 ? "ec" : `ec-${index}`,
    }));
    return refuses({ key: ec, keys }, refusal);
  });

  test("accepts an EC token of a set with 101 RSA keys", () =>
    accepts({ key: ec, keys: [...more(101), ec.jwk] }));

  test("accepts an RSA token of a set of 100 RSA keys", () => accepts({ keys: [...more(99), signer.jwk] }));
});
