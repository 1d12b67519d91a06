import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { accepts, refusalOf, refuses } from "../fixture.ts";

describe("STS rule issuer-certificate", () => {
  for (const at of ["discovery", "jwks"] as const) {
    test(`refuses a chain that neither a root nor a thumbprint vouches for, at the ${at}`, () =>
      refuses(
        {
          documents: { ok: false, at, reason: "thumbprint", detail: "self-signed certificate" },
          provider: { thumbprints: ["c".repeat(40)] },
        },
        {
          rule: "issuer-certificate",
          code: "InvalidIdentityToken",
          text: "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint",
        },
      ));
  }

  const sha1 = (digit: string): string => digit.repeat(40);
  const chain = [sha1("A"), sha1("b")];

  test("refuses documents of a private CA whose chain has none of the provider's thumbprints", async () => {
    const { why, next } = await refusalOf(
      { privateChains: [chain, chain], provider: { thumbprints: [sha1("c")] } },
      {
        rule: "issuer-certificate",
        code: "InvalidIdentityToken",
        text: "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint",
      },
    );
    assert.match(why, new RegExp(`${chain.join(", ")}, and the thumbprints of .* are ${sha1("c")}`, "u"));
    assert.match(next, /Add the last of these SHA-1 to the provider's thumbprints/u);
  });

  test("refuses where the server of the JWK Set alone has another chain", () =>
    refuses(
      { privateChains: [chain, [sha1("d")]], provider: { thumbprints: [sha1("b")] } },
      {
        rule: "issuer-certificate",
        code: "InvalidIdentityToken",
        text: "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint",
      },
    ));

  test("accepts documents of a private CA by any certificate of the chain, whatever its case", () =>
    accepts({ privateChains: [chain, chain], provider: { thumbprints: [sha1("c"), sha1("a")] } }));

  test("accepts documents of a private CA where the thumbprints are not known", () =>
    accepts({ privateChains: [chain, chain] }));

  test("accepts documents for which a public root vouches, whatever the thumbprints are", () =>
    accepts({ provider: { thumbprints: [sha1("0")] } }));

  test("accepts documents that came over verified TLS", () => accepts());
});
