import { describe, test } from "node:test";
import { accepts, refuses } from "../fixture.ts";

describe("STS rule issuer-certificate", () => {
  for (const at of ["discovery", "jwks"] as const) {
    test(`refuses a chain that neither a root nor a thumbprint vouches for, at the ${at}`, () =>
      refuses(
        { documents: { ok: false, at, reason: "thumbprint", detail: "self-signed certificate" } },
        {
          rule: "issuer-certificate",
          code: "InvalidIdentityToken",
          text: "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint",
        },
      ));
  }

  test("accepts documents that came over verified TLS", () => accepts());
});
