import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { PodtrustError } from "../../core/base/index.ts";
import { maxToken, parseJws } from "./index.ts";
import { base64urlBytes } from "./jws.ts";
import { runs } from "../../../test/support/runs.ts";

const encode = (value: unknown): string =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const tokenOf = (header: unknown, claims: unknown = { sub: "a" }, signature = "c2ln"): string =>
  `${encode(header)}.${encode(claims)}.${signature}`;
const good = tokenOf({ alg: "RS256", kid: "k" });

describe("a JWS", () => {
  test("a token is cut into its parts", () => {
    assert.deepEqual(parseJws(good), {
      header: { alg: "RS256", kid: "k" },
      claims: { sub: "a" },
      signingInput: good.slice(0, good.lastIndexOf(".")),
      signature: new TextEncoder().encode("sig"),
      alg: "RS256",
      kid: "k",
      critical: [],
    });
  });

  test("a token without kid and signature is read: whether it is good is another question", () => {
    const read = parseJws(tokenOf({ alg: "none" }, {}, ""));
    assert.equal(read.kid, undefined);
    assert.equal(read.signature.byteLength, 0);
  });

  test("of a duplicated member the last one counts", () => {
    assert.equal(parseJws(tokenOf({ alg: "RS256" }, '{"aud":"good","aud":"bad"}')).claims["aud"], "bad");
  });

  test("claims nested 500 deep are read, and deeper ones refused: what judges them would run out of stack", () => {
    const nested = (depth: number): string =>
      tokenOf({ alg: "none" }, `{"a":${"[".repeat(depth)}${"]".repeat(depth)}}`);
    assert.ok(Array.isArray(parseJws(nested(500)).claims["a"]));
    assert.throws(() => parseJws(nested(501)), {
      code: "token-invalid",
      message: /nested deeper than 500 levels/u,
    });
    assert.throws(() => parseJws(nested(20_000)), { code: "token-invalid" });
  });

  test("critical extensions are reported", () => {
    assert.deepEqual(parseJws(tokenOf({ alg: "RS256", crit: ["b64"], b64: false })).critical, ["b64"]);
  });

  test("the longest token is accepted, one character more is not; the limit can be set", () => {
    const start = `${encode({ alg: "RS256" })}.${encode({})}.`;
    const longest = `${start}${"A".repeat(maxToken - start.length)}`;
    assert.equal(parseJws(longest).alg, "RS256");
    assert.throws(() => parseJws(`${longest}AAAA`), {
      code: "token-invalid",
      message: /65540 characters, more than the 65536/u,
    });
    assert.throws(() => parseJws(good, { maxChars: 10 }), {
      code: "token-invalid",
      message: /more than the 10/u,
    });
  });

  const refused: readonly [string, string, RegExp, RegExp?][] = [
    ["nothing", "", /is empty/u],
    ["a line break", "\n", /is empty/u],
    ["one part", "abc", /this has 1/u],
    ["two parts", "a.b", /this has 2/u],
    ["an encrypted token", "a.b.c.d.e", /this has 5/u, /encrypted token/u],
    ["a final line break", `${good}\n`, /signature is not base64url/u, /white space or line break/u],
    ["the header's name before it", `Bearer ${good}`, /header is not base64url/u, /without "Bearer "/u],
    ["a padded signature", `${good}=`, /signature is not base64url/u],
    ["base64 in place of base64url", good.replace(/\.c2ln$/u, ".+/+/"), /signature is not base64url/u],
    ["stray bits at the end", good.replace(/\.c2ln$/u, ".c2lnAB"), /signature is not base64url/u],
    ["a single character at the end", good.replace(/\.c2ln$/u, ".c2lnA"), /signature is not base64url/u],
    ["an empty header", `.${encode({})}.c2ln`, /header is empty/u],
    ["an empty payload", `${encode({ alg: "RS256" })}..c2ln`, /payload is empty/u],
    ["a header that is no JSON", tokenOf("{"), /header is not JSON/u],
    ["a payload that is no JSON", tokenOf({ alg: "RS256" }, "Payload"), /payload is not JSON/u],
    ["a payload that is a list", tokenOf({ alg: "RS256" }, "[]"), /payload is JSON, but no object/u],
    ["a header that is a text", tokenOf('"a"'), /header is JSON, but no object/u],
    [
      "bytes that are no UTF-8",
      `${Buffer.from([0x7b, 0xff, 0x7d]).toString("base64url")}.e30.c2ln`,
      /not UTF-8/u,
    ],
    ["no alg", tokenOf({}), /header has no alg$/u],
    ["an empty alg", tokenOf({ alg: "" }), /alg ""/u],
    ["an alg that is a number", tokenOf({ alg: 1 }), /alg 1/u],
    ["a kid that is a number", tokenOf({ alg: "RS256", kid: 1 }), /kid that is not a text/u],
    ["an empty crit", tokenOf({ alg: "RS256", crit: [] }), /crit that is not a list/u],
    ["a crit that is a text", tokenOf({ alg: "RS256", crit: "b64" }), /crit that is not a list/u],
    ["a crit with a number", tokenOf({ alg: "RS256", crit: [1] }), /crit that is not a list/u],
    ["a crit that names no member", tokenOf({ alg: "RS256", crit: ["exp"] }), /crit that is not a list/u],
  ];

  for (const [what, text, message, next] of refused) {
    test(`is refused ${what}`, () => {
      assert.throws(
        () => parseJws(text),
        (error: unknown) => {
          assert.ok(error instanceof PodtrustError);
          assert.equal(error.code, "token-invalid");
          assert.match(error.message, message);
          assert.match(error.next, next ?? /three base64url parts/u);
          return true;
        },
      );
    });
  }

  test("an error repeats nothing of the token, not even in its cause", () => {
    assert.throws(
      () => parseJws(tokenOf({ alg: "RS256" }, "sEcReT payload")),
      (error: unknown) => {
        assert.ok(error instanceof PodtrustError);
        assert.equal(error.cause, undefined);
        return !JSON.stringify(error).includes("sEcReT");
      },
    );
  });

  test("property: nothing but token-invalid is thrown, and a token that is read is written the same", () => {
    const segment = fc.oneof(
      fc.json().map(encode),
      fc.string({ unit: "binary" }),
      fc.base64String(),
      fc.constant(encode({ alg: "RS256" })),
    );
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(segment, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(".")),
    );
    fc.assert(
      fc.property(text, (input) => {
        try {
          const { signingInput, signature } = parseJws(input);
          assert.equal(`${signingInput}.${Buffer.from(signature).toString("base64url")}`, input);
        } catch (error) {
          assert.ok(error instanceof PodtrustError, String(error));
          assert.equal(error.code, "token-invalid");
        }
      }),
      { numRuns: runs(1000) },
    );
  });
});

test("base64url is read to the bytes that Node reads, and in one spelling only", () => {
  const spelled = fc.oneof(
    fc.uint8Array().map((bytes) => Buffer.from(bytes).toString("base64url")),
    fc.string({ unit: fc.constantFrom("A", "B", "z", "9", "-", "_"), maxLength: 12 }),
    fc.string({ unit: fc.constantFrom("A", "Q", "_", "+", "/", "=", " ", "\n"), maxLength: 6 }),
  );
  fc.assert(
    fc.property(spelled, (text) => {
      const bytes = Buffer.from(text, "base64url");
      const expected = bytes.toString("base64url") === text ? new Uint8Array(bytes) : undefined;
      assert.deepEqual(base64urlBytes(text), expected);
    }),
  );
});
