import { describe, test } from "node:test";
import { accepts, refuses } from "../azure-fixture.ts";

describe("Azure's rule assertion-key-named", () => {
  for (const kid of [undefined, ""])
    test(`refuses ${kid === undefined ? "no kid" : "an empty kid"}`, () => {
      const text =
        "AADSTS5002723: Invalid JWT token. No certificate SHA-1 thumbprint, certificate SHA-256 thumbprint, nor keyId specified in token header.";
      return refuses(
        { header: { kid } },
        { rule: "assertion-key-named", code: "invalid_client", status: 401, text },
      );
    });
  test("accepts a kid", () => accepts());
});
