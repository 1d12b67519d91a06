import { describe, test } from "node:test";
import { accepts, refuses } from "../openbao-fixture.ts";
import { now } from "../fixture.ts";

describe("OpenBao's rule token-time", () => {
  const rule = "token-time";
  test("refuses one that has expired", () => {
    const text = "error validating token: invalid expiration time (exp) claim: token is expired";
    return refuses({ claims: { exp: now - 61 } }, { rule, text });
  });
  test("refuses one that is not good yet", () => {
    const text = "error validating token: invalid not before (nbf) claim: token not yet valid";
    return refuses({ claims: { nbf: now + 61 } }, { rule, text });
  });
  test("refuses one that says it was issued later", () => {
    const text = "error validating token: invalid issued at (iat) claim: token issued in the future";
    return refuses({ claims: { iat: now + 61 } }, { rule, text });
  });
  test("accepts a minute both ways, and a token without an end", async () => {
    await accepts({ claims: { exp: now - 60, iat: now + 60, nbf: now + 60 } });
    await accepts({ claims: { exp: undefined } });
  });
});
