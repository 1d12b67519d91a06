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
  test("accepts a minute both ways", async () => {
    await accepts({ claims: { exp: now - 60, iat: now + 60, nbf: now + 60 } });
    await accepts({ claims: { exp: undefined } });
  });
  test("ends a token without exp 150 seconds after the later of iat and nbf, and a minute", async () => {
    const text = "error validating token: invalid expiration time (exp) claim: token is expired";
    const claims = { exp: undefined, iat: now - 500, nbf: now - 210 };
    await accepts({ claims });
    await refuses({ claims: { ...claims, nbf: now - 211 } }, { rule, text });
    await refuses({ claims: { exp: undefined, nbf: undefined, iat: now - 211 } }, { rule, text });
  });
  test("refuses one without any time", () => {
    const text =
      "error validating token: no issued at (iat), not before (nbf), or expiration time (exp) claims in token";
    return refuses({ claims: { exp: undefined, iat: undefined, nbf: undefined } }, { rule, text });
  });
  test("refuses a time that is no number", async () => {
    const text =
      "error validating token: go-jose/go-jose/jwt: expected number value to unmarshal NumericDate";
    for (const name of ["exp", "iat", "nbf"])
      await refuses({ claims: { [name]: String(now + 60) } }, { rule, text });
  });
});
