import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { describe, test } from "node:test";
import { signCertificate } from "../../../src/core/x509/index.ts";
import { accepts, ecKey, refusalOf, refuses, rsaKey, signer, type SigningKey, texts } from "../fixture.ts";

const refusal = { rule: "key-selection", code: "InvalidIdentityToken", text: texts.noVerificationKey };
const other = await rsaKey("other");
const ec = await ecKey("ec");

/** A self-signed certificate of a key, as x5c wants it: base64 of its DER. */
function certificateOf({ privateKey }: SigningKey): string {
  const content = {
    subject: { commonName: "signer" },
    publicKey: createPublicKey(privateKey),
    notBefore: new Date("2026-01-01T00:00:00Z"),
    notAfter: new Date("2036-01-01T00:00:00Z"),
    extensions: [],
  };
  return signCertificate(content, { privateKey }).raw.toString("base64");
}
const ownCertificate = certificateOf(signer);
const otherCertificate = certificateOf(other);
const plainModulus = Buffer.from(String(signer.jwk["n"]), "base64url").toString("base64");
const withoutKey = { ...signer.jwk, n: undefined, e: undefined };

describe("STS rule key-selection", () => {
  for (const [name, change] of [
    ["an unknown kid", { header: { kid: "unknown" } }],
    ["a kid in other case", { header: { kid: "RSA" } }],
    ["an empty kid and two keys", { header: { kid: "" }, keys: [signer.jwk, other.jwk] }],
    ["no kid and two keys", { header: { kid: undefined }, keys: [signer.jwk, other.jwk] }],
    ["no kid, and the one key of another type", { header: { kid: undefined }, keys: [ec.jwk] }],
    ["no kid and no key", { header: { kid: undefined }, keys: [] }],
    ["an ES256 token under the kid of an RSA key", { key: { ...ec, kid: "rsa" }, keys: [signer.jwk] }],
    ["a key without kid", { keys: [{ ...signer.jwk, kid: undefined }] }],
    [
      "a key without kid, and a token without one",
      { header: { kid: undefined }, keys: [{ ...signer.jwk, kid: undefined }] },
    ],
    ["a key with an empty kid", { header: { kid: "" }, keys: [{ ...signer.jwk, kid: "" }] }],
    ["a key for encryption", { keys: [{ ...signer.jwk, use: "enc" }] }],
    ["a key with x5c in place of n and e", { keys: [{ ...withoutKey, x5c: [ownCertificate] }] }],
    ["a key whose x5c is another key's", { keys: [{ ...signer.jwk, x5c: [otherCertificate] }] }],
    ["a key whose x5c is no certificate", { keys: [{ ...signer.jwk, x5c: ["AAAA"] }] }],
    ["a key whose x5c is no list", { keys: [{ ...signer.jwk, x5c: ownCertificate }] }],
    ["a key whose modulus is in plain base64", { keys: [{ ...signer.jwk, n: plainModulus }] }],
    ["a key whose modulus is padded", { keys: [{ ...signer.jwk, n: `${String(signer.jwk["n"])}==` }] }],
    ["a symmetric key of that kid", { keys: [{ kty: "oct", k: "AAAA", kid: "rsa" }] }],
    ["a key in the token's own header", { key: other, header: { jwk: other.jwk }, keys: [signer.jwk] }],
    [
      "an address in the token's own header",
      { key: other, header: { jku: "https://evil.test/jwks" }, keys: [signer.jwk] },
    ],
  ] as const) {
    test(`refuses ${name}`, () => refuses(change, refusal));
  }

  test("does not print a set of many keys in whole when it refuses", async () => {
    const keys = Array.from({ length: 30 }, (_, index) => ({ ...signer.jwk, kid: `other-${index}` }));
    assert.match((await refusalOf({ keys }, refusal)).why, /and 20 more/u);
  });

  for (const [name, change] of [
    ["no kid and exactly one key", { header: { kid: undefined } }],
    ["an empty kid and exactly one key", { header: { kid: "" } }],
    [
      "no kid, one usable key and one for encryption",
      { header: { kid: undefined }, keys: [{ ...other.jwk, use: "enc" }, signer.jwk] },
    ],
    ["a key without use", { keys: [{ ...signer.jwk, use: undefined }] }],
    ["a key whose alg says otherwise", { keys: [{ ...signer.jwk, alg: "RS512" }] }],
    ["a matching x5c", { keys: [{ ...signer.jwk, x5c: [ownCertificate] }] }],
    ["a kid that stands twice, the right key last", { keys: [{ ...other.jwk, kid: "rsa" }, signer.jwk] }],
    [
      "a key of the signer's type under a kid that stands twice",
      { keys: [signer.jwk, { ...ec.jwk, kid: "rsa" }] },
    ],
  ] as const) {
    test(`accepts ${name}`, () => accepts(change));
  }
});
