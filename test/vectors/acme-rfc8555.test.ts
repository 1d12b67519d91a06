/** RFC 8555 (ACME): key authorizations, the shape of signed requests, external accounts. */
import assert from "node:assert/strict";
import { createHmac, createPublicKey, verify } from "node:crypto";
import { describe, test } from "node:test";
import { createAccountKey, readAccountKey } from "../../src/providers/acme/index.ts";
import { bindExternalAccount, type FlattenedJws, signRequest } from "../../src/providers/acme/account-key.ts";
import { dnsDigest, keyAuthorization } from "../../src/providers/acme/solver.ts";
import { jwkThumbprint } from "../../src/rules/keys/index.ts";

// RFC 7638 §3.1: the key whose thumbprint RFC 8555 uses in its examples.
const rsa = {
  kty: "RSA",
  n: "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
  e: "AQAB",
};
const token = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA";

// RFC 7515 Appendix A.3.1: an ES256 key.
const ecKey = {
  kty: "EC",
  crv: "P-256",
  x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
  y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
  d: "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
};

const decoded = (text: string): unknown => JSON.parse(Buffer.from(text, "base64url").toString());

function verifies({ protected: header, payload, signature }: FlattenedJws): boolean {
  const { d: _private, ...jwk } = ecKey;
  const key = createPublicKey({ key: jwk, format: "jwk" });
  const bytes = Buffer.from(signature, "base64url");
  assert.equal(bytes.length, 64, "RFC 7518 §3.4: R and S, 32 bytes each");
  return verify("sha256", Buffer.from(`${header}.${payload}`), { key, dsaEncoding: "ieee-p1363" }, bytes);
}

describe("RFC 8555", () => {
  test("§8.1: a key authorization is token, dot and RFC 7638 thumbprint", () => {
    assert.equal(
      keyAuthorization(token, jwkThumbprint(rsa)),
      `${token}.NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs`,
    );
  });

  test("§8.4: dns-01 publishes base64url(SHA-256(key authorization))", () => {
    // printf %s "$key_authorization" | openssl dgst -sha256 -binary | basenc --base64url
    const digest = dnsDigest(keyAuthorization(token, jwkThumbprint(rsa)));
    assert.equal(digest, "ZTRx1Ckl1-tM05o5zaizTTA0yUy5AGereMgSNWC6Ll8");
  });

  test("§6.2: a request is signed by ES256 over protected header and payload, with nonce, url and jwk or kid", () => {
    const key = readAccountKey(ecKey);
    const target = { url: "https://example.com/acme/new-account", nonce: "6S8IqOGY7eL2lsGoTZYifg" };
    const first = signRequest({ key }, target, {
      termsOfServiceAgreed: true,
      contact: ["mailto:cert-admin@example.org"],
    });
    const { d: _private, ...jwk } = ecKey;
    assert.deepEqual(decoded(first.protected), { alg: "ES256", jwk, nonce: target.nonce, url: target.url });
    assert.deepEqual(decoded(first.payload), {
      termsOfServiceAgreed: true,
      contact: ["mailto:cert-admin@example.org"],
    });
    assert.ok(verifies(first));
    const kid = "https://example.com/acme/acct/evOfKhNU60wg";
    const later = signRequest({ key, kid }, target, {});
    assert.deepEqual(decoded(later.protected), { alg: "ES256", kid, nonce: target.nonce, url: target.url });
    assert.equal(later.payload, "e30", "an empty object, as §7.5.1 has it for challenges");
    assert.ok(verifies(later));
  });

  test("§6.3: a POST-as-GET has an empty payload, not an empty object", () => {
    const request = signRequest(
      { key: readAccountKey(ecKey), kid: "https://x/1" },
      { url: "https://x/2", nonce: "n" },
      undefined,
    );
    assert.equal(request.payload, "");
    assert.ok(verifies(request));
  });

  test("§7.3.5: the inner JWS of a key change has jwk and url and no nonce", () => {
    const inner = signRequest(
      { key: readAccountKey(ecKey) },
      { url: "https://x/key-change" },
      { account: "https://x/1" },
    );
    assert.deepEqual(Object.keys(decoded(inner.protected) as object), ["alg", "jwk", "url"]);
  });

  test("§7.3.4: an external account is bound by HS256 over the account's key, with kid and url and no nonce", () => {
    const key = createAccountKey();
    const external = {
      kid: "kid-1",
      hmacKey: "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W",
    };
    const url = "https://example.com/acme/new-account";
    const binding = bindExternalAccount(external, key, url);
    assert.deepEqual(decoded(binding.protected), { alg: "HS256", kid: "kid-1", url });
    assert.deepEqual(decoded(binding.payload), key.jwk);
    const expected = createHmac("sha256", Buffer.from(external.hmacKey, "base64url"))
      .update(`${binding.protected}.${binding.payload}`)
      .digest("base64url");
    assert.equal(binding.signature, expected);
  });
});
