import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { PodtrustError } from "../../core/base/index.ts";
import { canonicalIssuer, iamProviderKey, issuerProblems, maxIssuer, parseIssuer } from "./index.ts";
import { issuerParts } from "./issuer-parts.ts";
import { runs } from "../../../test/support/runs.ts";

const rulesOf = (text: string): readonly string[] => issuerProblems(text).map(({ rule }) => rule);

describe("an issuer URL", () => {
  test("a plain issuer is read without a change", () => {
    assert.deepEqual(parseIssuer("https://oidc.example.com"), {
      url: "https://oidc.example.com",
      host: "oidc.example.com",
      path: "",
      providerKey: "oidc.example.com",
      discoveryUrl: "https://oidc.example.com/.well-known/openid-configuration",
      defaultJwksUri: "https://oidc.example.com/openid/v1/jwks",
      warnings: [],
    });
  });

  test("a final slash makes another issuer with the same documents", () => {
    const [bare, slashed] = [parseIssuer("https://example.com/a"), parseIssuer("https://example.com/a/")];
    assert.equal(bare.providerKey, "example.com/a");
    assert.equal(slashed.providerKey, "example.com/a/");
    assert.equal(slashed.path, "/a/");
    assert.equal(slashed.discoveryUrl, bare.discoveryUrl);
    assert.equal(
      parseIssuer("https://example.com/").discoveryUrl,
      parseIssuer("https://example.com").discoveryUrl,
    );
  });

  test("upper case in the host stays and is warned of", () => {
    const issuer = parseIssuer("https://OIDC.Example.com/Path");
    assert.equal(issuer.providerKey, "OIDC.Example.com/Path");
    assert.match(issuer.warnings.join(), /upper-case letters/u);
  });

  test("hosts that AWS cannot reach are warned of", () => {
    for (const host of [
      "kubernetes.default.svc.cluster.local",
      "kubernetes.default.svc",
      "localhost",
      "a.test",
    ]) {
      assert.match(parseIssuer(`https://${host}`).warnings.join(), /no name of the public DNS/u, host);
    }
    assert.match(parseIssuer("https://127.0.0.1").warnings.join(), /is an address/u);
  });

  const refused: readonly [string, readonly string[]][] = [
    ["", ["empty"]],
    [" \n", ["empty"]],
    ["https://example.com\n", ["white-space", "host"]],
    [" https://example.com/a ", ["white-space", "scheme", "path"]],
    ["http://example.com", ["scheme"]],
    ["HTTPS://example.com", ["scheme"]],
    ["ftp://example.com", ["scheme"]],
    ["example.com", ["scheme"]],
    ["example.com/path", ["scheme"]],
    ["https://", ["host"]],
    ["https:///path", ["host"]],
    ["https://user@example.com", ["userinfo"]],
    ["https://user:secret@example.com", ["userinfo"]],
    ["https://@example.com", ["userinfo"]],
    ["https://exa mple.com", ["host"]],
    ["https://exa_mple.com", ["host"]],
    ["https://-example.com", ["host"]],
    ["https://example-.com", ["host"]],
    ["https://example..com", ["host"]],
    ["https://example.com.", ["host"]],
    ["https://bücher.example", ["host"]],
    ["https://[::1]", ["host"]],
    ["https://[::1]:8443", ["host", "port"]],
    [`https://${"a".repeat(64)}.example`, ["host"]],
    [`https://${"a.".repeat(127)}a`, ["host", "length"]],
    ["https://example.com:8443", ["port"]],
    ["https://example.com:", ["port"]],
    ["https://example.com:0443", ["port"]],
    ["https://example.com:443", ["default-port"]],
    ["https://example.com:443/a", ["default-port"]],
    ["https://example.com/a b", ["path"]],
    ["https://example.com/ü", ["path"]],
    ["https://example.com/%zz", ["path"]],
    ["https://example.com/a/../b", ["path"]],
    ["https://example.com/./b", ["path"]],
    ["https://example.com\\a", ["host"]],
    ["https://example.com?a=b", ["query"]],
    ["https://example.com/a?", ["query"]],
    ["https://example.com/a#b", ["fragment"]],
    ["https://example.com#", ["fragment"]],
    [`https://example.com/${"a".repeat(236)}`, ["length"]],
    ["http://u@-:1/ ?q#f", ["scheme", "userinfo", "host", "port", "path", "query", "fragment"]],
  ];

  for (const [text, expected] of refused) {
    test(`${JSON.stringify(text.slice(0, 60))} is refused by ${expected.join(", ")}`, () => {
      assert.deepEqual(rulesOf(text), expected);
      assert.throws(() => parseIssuer(text), { code: "issuer-invalid" });
    });
  }

  test("the longest issuer is accepted, one character more is not", () => {
    const longest = `https://example.com/${"a".repeat(maxIssuer - 20)}`;
    assert.equal(longest.length, 255);
    assert.equal(parseIssuer(longest).url, longest);
    assert.deepEqual(rulesOf(`${longest}a`), ["length"]);
  });

  test("legal paths are accepted as they are", () => {
    for (const path of ["/a/b", "/a%2Fb", "/~a;v=1/@b:c", "//", "/...", "/a//b/"]) {
      assert.equal(parseIssuer(`https://example.com${path}`).path, path);
    }
  });

  test("the error names every problem, gives the cure of the first and never repeats a password", () => {
    try {
      parseIssuer("http://user:hunter2@example.com:8443");
      assert.fail("accepted");
    } catch (error) {
      assert.ok(error instanceof PodtrustError);
      assert.match(error.message, /http:\/\/.*user name or password.*port "8443"/u);
      assert.match(error.next, /https:\/\/example\.com:8443/u);
      assert.doesNotMatch(JSON.stringify(error), /hunter2/u);
    }
  });

  test("the cure is the canonical form", () => {
    assert.match(
      issuerProblems("https://example.com:443/a/")[0]?.next ?? "",
      /"https:\/\/example\.com\/a\/"/u,
    );
    assert.match(issuerProblems("example.com/a?b#c")[0]?.next ?? "", /"https:\/\/example\.com\/a"/u);
    assert.equal(canonicalIssuer(" HTTPS://u@Example.com:443/A/?q#f "), "https://example.com/A/");
    assert.equal(canonicalIssuer("https://example.com:8443"), "https://example.com:8443");
    assert.equal(canonicalIssuer("https://example.com:"), "https://example.com");
    assert.equal(canonicalIssuer("https://[2001:DB8::1]:443/"), "https://[2001:db8::1]/");
  });

  test("IAM's key of a provider drops the scheme and :443 and nothing else", () => {
    const keys: readonly [string, string][] = [
      ["https://example.com", "example.com"],
      ["https://example.com:443", "example.com"],
      ["https://example.com:443/a/", "example.com/a/"],
      ["https://Example.com/a:443", "Example.com/a:443"],
      ["https://example.com:4430", "example.com:4430"],
    ];
    for (const [url, key] of keys) assert.equal(iamProviderKey(url), key);
  });

  const urlish = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          "https://",
          "http://",
          "example.com",
          ":443",
          ":",
          "/",
          "//",
          "?",
          "#",
          "@",
          "[",
          "]",
          " ",
          "A",
          "%41",
        ),
        fc.string({ maxLength: 4, unit: "grapheme" }),
      ),
      { maxLength: 12 },
    )
    .map((pieces) => pieces.join(""));

  test("property: the pieces of any text put together are the text", () => {
    fc.assert(
      fc.property(fc.oneof(urlish, fc.string()), (text) => {
        const { scheme, userinfo, host, port, path, query, fragment } = issuerParts(text);
        const user = userinfo === undefined ? "" : `${userinfo}@`;
        const colon = port === undefined ? "" : `:${port}`;
        const again = `${user}${host}${colon}${path}${query}${fragment}`;
        assert.equal(text.startsWith(`${scheme}://`) ? `${scheme}://${again}` : again, text);
      }),
    );
  });

  test("property: canonicalisation is idempotent", () => {
    fc.assert(
      fc.property(fc.oneof(urlish, fc.webUrl({ withFragments: true, withQueryParameters: true })), (text) => {
        const once = canonicalIssuer(text);
        assert.equal(canonicalIssuer(once), once);
      }),
      { numRuns: runs(1000) },
    );
  });

  test("property: nothing but issuer-invalid is thrown, exactly when there is a problem", () => {
    fc.assert(
      fc.property(fc.oneof(urlish, fc.string({ unit: "binary" }), fc.webUrl()), (text) => {
        const problems = issuerProblems(text);
        try {
          const issuer = parseIssuer(text);
          assert.equal(problems.length, 0);
          assert.equal(issuer.url, text);
          assert.equal(`https://${issuer.providerKey}`, text);
          assert.equal(new URL(issuer.discoveryUrl).protocol, "https:");
        } catch (error) {
          assert.ok(error instanceof PodtrustError, String(error));
          assert.equal(error.code, "issuer-invalid");
          assert.ok(problems.length > 0);
        }
      }),
      { numRuns: runs(1000) },
    );
  });

  test("property: no error repeats what stands before an @", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("https://", "http://", ""),
        fc.constantFrom("", "/@p", "?@q", ":1"),
        (scheme, rest) => {
          const text = `${scheme}user:hunter2@example.com${rest}`;
          assert.throws(
            () => parseIssuer(text),
            (error: unknown) => !JSON.stringify(error).includes("hunter2"),
          );
        },
      ),
    );
  });
});
