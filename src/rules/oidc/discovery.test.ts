import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { PodtrustError } from "../../core/base/index.ts";
import { parseDiscovery, renderDiscovery } from "./index.ts";

const good = {
  issuer: "https://oidc.example.com",
  jwks_uri: "https://oidc.example.com/openid/v1/jwks",
  response_types_supported: ["id_token"],
  subject_types_supported: ["public"],
  id_token_signing_alg_values_supported: ["RS256"],
};

describe("the discovery document", () => {
  test("a Kubernetes API server's document is read", () => {
    assert.deepEqual(parseDiscovery(JSON.stringify(good)), {
      issuer: "https://oidc.example.com",
      jwksUri: "https://oidc.example.com/openid/v1/jwks",
      responseTypes: ["id_token"],
      subjectTypes: ["public"],
      algorithms: ["RS256"],
      warnings: [],
    });
    const otherPort = { ...good, jwks_uri: "https://10.0.0.1:6443/openid/v1/jwks?a=b" };
    assert.equal(parseDiscovery(Buffer.from(JSON.stringify(otherPort))).jwksUri, otherPort.jwks_uri);
  });

  test("is rendered byte for byte as Kubernetes does", () => {
    // Recorded from kube-apiserver v1.36.3.
    assert.equal(
      renderDiscovery({
        issuer: good.issuer,
        jwksUri: good.jwks_uri,
        algorithms: ["RS256", "ES256", "RS256"],
      }),
      '{"issuer":"https://oidc.example.com","jwks_uri":"https://oidc.example.com/openid/v1/jwks","response_types_supported":["id_token"],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["ES256","RS256"]}',
    );
  });

  test("characters that Go escapes are escaped, and read again the same", () => {
    const issuer = "https://oidc.example.com/a&b";
    const text = renderDiscovery({ issuer, jwksUri: `${issuer}/<\u2028>`, algorithms: ["RS256"] });
    assert.match(text, /a\\u0026b/u);
    assert.match(text, /\\u003c\\u2028\\u003e/u);
    assert.equal(parseDiscovery(text).issuer, issuer);
  });

  test("of a duplicated member the last one counts", () => {
    const text = JSON.stringify(good).replace("{", '{"issuer":"https://evil.example",');
    assert.equal(parseDiscovery(text).issuer, good.issuer);
  });

  test("a document whose algorithms AWS does not verify is read with a warning", () => {
    const text = JSON.stringify({ ...good, id_token_signing_alg_values_supported: ["EdDSA", "ML-DSA-44"] });
    assert.match(
      parseDiscovery(text).warnings.join(),
      /names no algorithm that AWS verifies: "EdDSA", "ML-DSA-44"/u,
    );
  });

  const bad: readonly [string, string | Uint8Array, RegExp][] = [
    ["nothing", "", /is empty/u],
    ["white space", " \n", /is empty/u],
    ["HTML", "<!doctype html>", /is not JSON/u],
    ["a cut document", JSON.stringify(good).slice(0, -20), /is not JSON/u],
    ["a byte order mark", Buffer.from(`\uFEFF${JSON.stringify(good)}`), /is not JSON/u],
    ["a list", "[]", /no object/u],
    ["null", "null", /no object/u],
    ["bytes that are no UTF-8", Uint8Array.of(0x7b, 0xff, 0x7d), /not UTF-8/u],
    [
      "too many bytes",
      JSON.stringify({ ...good, more: "x".repeat(65_536) }),
      /more than the 65536 accepted/u,
    ],
    ["an issuer that is a number", JSON.stringify({ ...good, issuer: 1 }), /issuer is 1, not a text/u],
    ["an empty issuer", JSON.stringify({ ...good, issuer: "" }), /issuer is "", not a text/u],
    [
      "jwks_uri over http",
      JSON.stringify({ ...good, jwks_uri: "http://a.example/" }),
      /not an https:\/\/ URL/u,
    ],
    ["jwks_uri without a host", JSON.stringify({ ...good, jwks_uri: "https://" }), /not an https:\/\/ URL/u],
    ["jwks_uri that is null", JSON.stringify({ ...good, jwks_uri: null }), /jwks_uri is null, not a text/u],
    ["jwks_uri with a user", JSON.stringify({ ...good, jwks_uri: "https://u:p@a.example/" }), /user name/u],
    ["jwks_uri with a fragment", JSON.stringify({ ...good, jwks_uri: "https://a.example/#f" }), /fragment/u],
    [
      "no algorithm",
      JSON.stringify({ ...good, id_token_signing_alg_values_supported: [] }),
      /is \[\], not a list of texts/u,
    ],
    [
      "types as a text",
      JSON.stringify({ ...good, response_types_supported: "id_token" }),
      /not a list of texts/u,
    ],
    [
      "types with a number",
      JSON.stringify({ ...good, subject_types_supported: ["public", 1] }),
      /not a list of texts/u,
    ],
    [
      "types with an empty text",
      JSON.stringify({ ...good, subject_types_supported: [""] }),
      /not a list of texts/u,
    ],
  ];

  for (const [what, text, message] of bad) {
    test(`is refused ${what}`, () => {
      assert.throws(() => parseDiscovery(text), { code: "discovery-invalid", message });
    });
  }

  test("names at once all members that are missing", () => {
    assert.throws(() => parseDiscovery("{}"), {
      message:
        "in the discovery document, issuer is missing; jwks_uri is missing; response_types_supported is missing; subject_types_supported is missing; id_token_signing_alg_values_supported is missing",
    });
  });

  test("a long value is cut in the message", () => {
    assert.throws(() => parseDiscovery(JSON.stringify({ ...good, jwks_uri: "x".repeat(500) })), {
      message: /x… \(502 characters\)/u,
    });
  });

  test("property: nothing but discovery-invalid is thrown", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.json(),
      fc.uint8Array(),
      fc
        .record({ issuer: fc.anything(), jwks_uri: fc.anything(), response_types_supported: fc.anything() })
        .map((value) => {
          try {
            return JSON.stringify(value) ?? "";
          } catch {
            return "";
          }
        }),
    );
    fc.assert(
      fc.property(text, (input) => {
        try {
          parseDiscovery(input);
        } catch (error) {
          assert.ok(error instanceof PodtrustError, String(error));
          assert.equal(error.code, "discovery-invalid");
        }
      }),
    );
  });

  test("property: what is rendered is read again the same", () => {
    const algorithms = fc.uniqueArray(fc.constantFrom("RS256", "ES256", "ES384", "RS512"), { minLength: 1 });
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.webUrl(), algorithms, (issuer, url, names) => {
        const jwksUri = url.replace(/^http:/u, "https:");
        const read = parseDiscovery(renderDiscovery({ issuer, jwksUri, algorithms: names }));
        assert.deepEqual([read.issuer, read.jwksUri, read.algorithms], [issuer, jwksUri, [...names].sort()]);
      }),
    );
  });
});
