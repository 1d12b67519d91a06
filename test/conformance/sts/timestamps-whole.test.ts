import { describe, test } from "node:test";
import { accepts, now, refuses } from "../fixture.ts";

const refusal = {
  rule: "timestamps-whole",
  code: "InvalidIdentityToken",
  text: "Invalid timestamp in token claims.",
};

describe("STS rule timestamps-whole", () => {
  for (const claims of [
    { exp: now + 100.5 },
    { exp: null },
    { exp: "tomorrow" },
    { exp: "" },
    { exp: "2026-11-25T00:00:00Z" },
    { exp: true },
    { exp: [now + 100] },
    { exp: 1e30 },
    { iat: null },
    { iat: now - 0.5 },
    { nbf: null },
    { nbf: "soon" },
    { nbf: "1.5" },
  ]) {
    test(`refuses a token with ${JSON.stringify(claims)}`, () => refuses({ claims }, refusal));
  }

  test("accepts whole numbers that are texts", () =>
    accepts({ claims: { exp: String(now + 600), iat: String(now), nbf: String(now) } }));
});
