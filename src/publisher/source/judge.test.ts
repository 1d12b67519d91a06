import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { newKey } from "../../../test/support/publisher.ts";
import { PodtrustError } from "../../core/base/index.ts";
import { renderDiscovery } from "../../rules/oidc/index.ts";
import { renderJwkSet } from "../../rules/keys/index.ts";
import { judge, refusalOf } from "./judge.ts";

const names = { issuer: "https://oidc.example.test", jwksUri: "https://oidc.example.test/openid/v1/jwks" };
const key = newKey();
const documents = (
  change: { issuer?: string; jwksUri?: string; discovery?: string; jwks?: string } = {},
) => ({
  discovery: Buffer.from(
    change.discovery ??
      renderDiscovery({
        issuer: change.issuer ?? names.issuer,
        jwksUri: change.jwksUri ?? names.jwksUri,
        algorithms: ["ES256"],
      }),
  ),
  jwks: Buffer.from(change.jwks ?? renderJwkSet([key])),
});

const reasonOf = (change: Parameters<typeof documents>[0]): string => {
  const verdict = judge(documents(change), names);
  return verdict.ok ? "published" : verdict.refusal.reason;
};

describe("judging a cluster's answer", () => {
  test("good documents are published, with the kid as the cluster has it", () => {
    const verdict = judge(documents(), names);
    assert.ok(verdict.ok);
    assert.deepEqual(verdict.keys, [key]);
    assert.deepEqual(verdict.warnings, []);
  });

  test("answers that must not be published are refused, each for its own reason", () => {
    assert.equal(reasonOf({ jwks: '{"keys":[]}' }), "jwks-empty");
    assert.equal(reasonOf({ jwks: "" }), "jwks-empty");
    assert.equal(reasonOf({ jwks: '{"keys":[{"kty":"OKP","kid":"a"}]}' }), "jwks-empty");
    assert.equal(reasonOf({ jwks: renderJwkSet([key]).slice(0, -9) }), "jwks-invalid");
    assert.equal(reasonOf({ jwks: "<html>" }), "jwks-invalid");
    assert.equal(reasonOf({ discovery: "{}" }), "discovery-invalid");
    assert.equal(reasonOf({ discovery: '{"issuer":' }), "discovery-invalid");
    assert.equal(reasonOf({ issuer: "https://other.example.test" }), "issuer-mismatch");
    assert.equal(reasonOf({ issuer: `${names.issuer}/` }), "issuer-mismatch");
  });

  test("a wrong issuer is refused with the flag that cures it", () => {
    const verdict = judge(documents({ issuer: "https://kubernetes.default.svc" }), names);
    assert.ok(!verdict.ok);
    assert.match(verdict.refusal.next, /--service-account-issuer=https:\/\/oidc\.example\.test/u);
  });

  test("another jwks_uri is published as configured, and the difference reported with its fix", () => {
    const verdict = judge(documents({ jwksUri: "https://10.0.0.1:6443/openid/v1/jwks" }), names);
    assert.ok(verdict.ok);
    assert.match(
      verdict.warnings.join(),
      /--service-account-jwks-uri=https:\/\/oidc\.example\.test\/openid/u,
    );
  });

  test("another jwks_uri is no difference where the documents are not served", () => {
    const shown = documents({ jwksUri: "https://10.0.0.1:6443/openid/v1/jwks" });
    const verdict = judge(shown, { ...names, unserved: true });
    assert.deepEqual(verdict.ok && verdict.warnings, []);
  });

  test("keys that a relying party cannot use are left out by name", () => {
    const jwks = JSON.stringify({
      keys: [key, { kty: "OKP", kid: "ed", alg: "EdDSA", crv: "Ed25519", x: "AA" }],
    });
    const verdict = judge(documents({ jwks }), names);
    assert.ok(verdict.ok);
    assert.deepEqual(verdict.keys, [key]);
    assert.match(verdict.warnings.join(), /Key ed is left out/u);
  });

  test("why the cluster gave nothing is one of a closed set of reasons", () => {
    assert.equal(refusalOf(new PodtrustError("cluster-unreachable", "x")).reason, "unreachable");
    assert.equal(refusalOf(new PodtrustError("cluster-not-ready", "x")).reason, "not-ready");
    assert.equal(refusalOf(new PodtrustError("cluster-credentials", "x")).reason, "credentials");
    assert.equal(refusalOf(new PodtrustError("cluster-unauthenticated", "x")).reason, "unauthenticated");
    assert.equal(refusalOf(new PodtrustError("cluster-forbidden", "x")).reason, "forbidden");
    assert.equal(refusalOf(new PodtrustError("cluster-answer-invalid", "x")).reason, "bad-answer");
    assert.equal(refusalOf(new PodtrustError("usage", "x")).reason, "internal");
    assert.equal(refusalOf(new TypeError("x")).reason, "internal");
  });

  test("property: no answer makes it throw, and none without a good key is published", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), fc.json(), (a, b, text) => {
        for (const jwks of [b, Buffer.from(text)]) {
          const verdict = judge({ discovery: documents().discovery, jwks }, names);
          assert.ok(!verdict.ok);
        }
        assert.ok(!judge({ discovery: a, jwks: documents().jwks }, names).ok);
      }),
    );
  });
});
