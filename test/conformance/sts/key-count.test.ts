import { test } from "node:test";
import { accepts, ecKey, refuses, signer, texts } from "../fixture.ts";

const refusal = { rule: "key-count", code: "InvalidIdentityToken", text: texts.noVerificationKey };
const ec = await ecKey();
const more = (count: number): object[] =>
  Array.from({ length: count }, (_, index) => ({ ...signer.jwk, kid: `other-${index}` }));

test("101 RSA keys, the wanted one first", () => refuses({ keys: [signer.jwk, ...more(100)] }, refusal));

test("101 RSA keys, the wanted one last", () => refuses({ keys: [...more(100), signer.jwk] }, refusal));

test("101 EC keys and an EC token", () => {
  const keys = Array.from({ length: 101 }, (_, index) => ({
    ...ec.jwk,
    kid: index === 0 ? "ec" : `ec-${index}`,
  }));
  return refuses({ key: ec, keys }, refusal);
});

test("101 RSA keys do not matter to an EC token", () => accepts({ key: ec, keys: [...more(101), ec.jwk] }));

test("100 RSA keys are accepted", () => accepts({ keys: [...more(99), signer.jwk] }));
