/**
 * The forty-three ways to get a token wrong, or right by surprise, that were collected before the rules were written.
 * Each names the rule that decides; the rule's own file holds the texts.
 */
import assert from "node:assert/strict";
import { createHmac, createPublicKey } from "node:crypto";
import { test } from "node:test";
import {
  attempt,
  audience,
  type Change,
  ecKey,
  issuer,
  now,
  providerArn,
  providerUrl,
  roleArn,
  rsaKey,
  sign,
  signer,
  trust,
  unsigned,
} from "./fixture.ts";

const other = await rsaKey("other");
const ec = await ecKey("rsa");
const token = await sign();
const [header = "", payload = "", signature = ""] = token.split(".");
const pem = createPublicKey(signer.privateKey).export({ type: "spki", format: "pem" });
const hmacInput = unsigned({ alg: "HS256", kid: "rsa" }).replace(/\.$/u, "");
const tags = "https://aws.amazon.com/tags";
const flipped = `${payload.slice(0, 20)}${payload[20] === "A" ? "B" : "A"}${payload.slice(21)}`;
const failing = (reason: string): NonNullable<Change["documents"]> => ({
  ok: false,
  at: "jwks",
  reason,
  detail: reason,
});
const second = { arn: `${providerArn}2`, url: "b.test", clientIds: [audience] };

/** Number, what is done, what is changed, the rule that refuses (undefined: accepted). */
const vectors: readonly [number, string, Change, string | undefined][] = [
  [1, "alg none", { token: unsigned({ alg: "none" }) }, "token-algorithm"],
  [
    2,
    "HS256 keyed with the public PEM",
    { token: `${hmacInput}.${createHmac("sha256", pem).update(hmacInput).digest("base64url")}` },
    "token-algorithm",
  ],
  [3, "PS256", { key: { ...signer, alg: "PS256" } }, "token-algorithm"],
  [4, "ES256 under the kid of an RSA key", { key: ec, keys: [signer.jwk] }, "key-selection"],
  [5, "unknown kid", { header: { kid: "who" } }, "key-selection"],
  [6, "no kid, two keys", { header: { kid: undefined }, keys: [signer.jwk, other.jwk] }, "key-selection"],
  [6, "no kid, one key", { header: { kid: undefined } }, undefined],
  [7, "kid twice, attacker's last", { keys: [signer.jwk, { ...other.jwk, kid: "rsa" }] }, "signature"],
  [7, "kid twice, attacker's first", { keys: [{ ...other.jwk, kid: "rsa" }, signer.jwk] }, undefined],
  [9, "another key under the same kid", { key: { ...other, kid: "rsa" }, keys: [signer.jwk] }, "signature"],
  [
    10,
    "the attacker's key in the header",
    {
      key: { ...other, kid: "rsa" },
      header: { jwk: other.jwk, jku: "https://evil.test" },
      keys: [signer.jwk],
    },
    "signature",
  ],
  [11, "crit", { header: { crit: ["x"], x: 1 } }, "token-critical-headers"],
  [12, "expired 299 seconds ago", { claims: { exp: now - 299 } }, undefined],
  [12, "expired 301 seconds ago", { claims: { exp: now - 301 } }, "not-expired"],
  [13, "nbf and iat 299 seconds ahead", { claims: { nbf: now + 299, iat: now + 299 } }, undefined],
  [13, "iat an hour ahead", { claims: { iat: now + 3600 } }, "issued-in-past"],
  [13, "nbf an hour ahead", { claims: { nbf: now + 3600 } }, "not-before-reached"],
  [14, "exp fractional", { claims: { exp: now + 0.5 } }, "timestamps-whole"],
  [14, "iat null", { claims: { iat: null } }, "timestamps-whole"],
  ...["iss", "sub", "aud", "iat", "exp"].map((name): [number, string, Change, string] => [
    15,
    `${name} missing`,
    { claims: { [name]: undefined } },
    "required-claims",
  ]),
  [16, "sub null", { claims: { sub: null } }, "subject-text"],
  [17, "iss with a slash more", { claims: { iss: `${issuer}/` } }, "issuer-registered"],
  [18, "iss over http", { claims: { iss: issuer.replace("https", "http") } }, "issuer-registered"],
  [18, "iss in upper case", { claims: { iss: issuer.replace("oidc", "OIDC") } }, "issuer-registered"],
  [
    19,
    "a registered issuer that the trust policy does not name",
    { claims: { iss: "https://b.test" }, providers: [second], discovery: { issuer: "https://b.test" } },
    "trust-policy",
  ],
  [20, "another audience", { claims: { aud: "other" } }, "audience-registered"],
  [21, "two audiences, no azp", { claims: { aud: [audience, "other"] } }, "audience-single"],
  [22, "no audience", { claims: { aud: [] } }, "audience-form"],
  [23, "azp unregistered", { claims: { azp: "other" } }, "audience-registered"],
  [24, "aud unregistered, azp registered", { claims: { aud: "other", azp: audience } }, undefined],
  [
    25,
    "aud twice, the wrong one last",
    {
      payload: `{"aud":"${audience}","iss":"${issuer}","sub":"s","iat":${now},"exp":${now + 9},"aud":"other"}`,
    },
    "audience-registered",
  ],
  [26, "another namespace", { claims: { sub: "system:serviceaccount:evil:cart" } }, "trust-policy"],
  [26, "other case", { claims: { sub: "system:serviceaccount:shop:CART" } }, "trust-policy"],
  [26, "a longer name", { claims: { sub: "system:serviceaccount:shop:cart-evil" } }, "trust-policy"],
  [
    27,
    "StringEquals with *",
    { trust: trust({ StringEquals: { [`${providerUrl}:sub`]: "system:*" } }) },
    "trust-policy",
  ],
  [
    28,
    "the key's issuer misspelt",
    { trust: trust({ StringEquals: { "oidc.test:sub": "x" } }) },
    "trust-policy",
  ],
  [
    28,
    "the same with ForAllValues",
    { trust: trust({ "ForAllValues:StringEquals": { "oidc.test:sub": "x" } }) },
    undefined,
  ],
  [29, "20,001 characters", { token: "a".repeat(20_001) }, "token-length"],
  [30, "two segments", { token: `${header}.${payload}` }, "token-structure"],
  [30, "five segments", { token: `${token}.${payload}.${signature}` }, "token-structure"],
  [31, "899 seconds", { request: { durationSeconds: "899" } }, "duration-bounds"],
  [31, "43,201 seconds", { request: { durationSeconds: "43201" } }, "duration-bounds"],
  [31, "7200 seconds of a role of 3600", { request: { durationSeconds: "7200" } }, "duration-of-role"],
  [32, "a session name of one character", { request: { roleSessionName: "a" } }, "role-session-name"],
  [32, "a session name with a space", { request: { roleSessionName: "a b" } }, "role-session-name"],
  [33, "no such role", { request: { roleArn: `${roleArn}2` }, noRole: true }, "role-exists"],
  [
    34,
    "a tag that is a text",
    { claims: { [tags]: { principal_tags: { team: "shop" } } } },
    "principal-tags",
  ],
  [
    34,
    "tags without sts:TagSession",
    { claims: { [`${tags}/principal_tags/team`]: "shop" } },
    "tag-session-allowed",
  ],
  [35, "key_ops", { keys: [{ ...signer.jwk, key_ops: ["verify"] }] }, "key-operations-absent"],
  [35, "use enc", { keys: [{ ...signer.jwk, use: "enc" }] }, "key-selection"],
  [35, "a key without kid", { keys: [{ ...signer.jwk, kid: undefined }] }, "key-selection"],
  [35, "x5c only", { keys: [{ kty: "RSA", kid: "rsa", use: "sig", x5c: ["AAAA"] }] }, "key-selection"],
  [
    36,
    "101 RSA keys",
    { keys: [signer.jwk, ...Array.from({ length: 100 }, (_, i) => ({ ...signer.jwk, kid: `k${i}` }))] },
    "key-count",
  ],
  [
    36,
    "101 RSA keys and an EC token",
    { key: ec, keys: [ec.jwk, ...Array.from({ length: 101 }, (_, i) => ({ ...signer.jwk, kid: `k${i}` }))] },
    undefined,
  ],
  ...["status", "timeout", "invalid", "connect"].map((reason): [number, string, Change, string] => [
    37,
    `JWK Set: ${reason}`,
    { documents: failing(reason) },
    "documents-reachable",
  ]),
  [38, "discovery of another issuer", { discovery: { issuer: "https://b.test" } }, "discovery-document"],
  [39, "a chain that nobody vouches for", { documents: failing("thumbprint") }, "issuer-certificate"],
  [40, "ProviderId www.amazon.com", { request: { providerId: "www.amazon.com" } }, "provider-id-absent"],
  [41, "the same token again", { token }, undefined],
  [42, "the provider deleted", { providers: [] }, "issuer-registered"],
  [43, "a line break after the token", { token: `${token}\n` }, "token-structure"],
];

for (const [number, what, change, rule] of vectors) {
  test(`vector ${number}, ${what}, is ${rule === undefined ? "accepted" : `refused by ${rule}`}`, async () => {
    const decision = await attempt(change);
    assert.equal(decision.outcome === "refused" ? decision.refusal.rule : undefined, rule);
    assert.equal(decision.outcome, rule === undefined ? "accepted" : "refused");
  });
}

test("vector 8, a changed payload, is never accepted", async () => {
  // The change may also break the JSON; what counts is that neither way lets it in.
  const decision = await attempt({ token: `${header}.${flipped}.${signature}` });
  assert.equal(decision.outcome, "refused");
});

test("the vectors are all forty-three, and refusals outnumber acceptances", () => {
  const numbers = new Set([8, ...vectors.map(([number]) => number)]);
  assert.deepEqual(
    [...numbers].sort((a, b) => a - b),
    Array.from({ length: 43 }, (_, index) => index + 1),
  );
  const accepted = vectors.filter(([, , , rule]) => rule === undefined).length;
  assert.ok(vectors.length - accepted > 5 * accepted);
});
