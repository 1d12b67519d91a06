import { describe, test } from "node:test";
import { accepts, refuses } from "../fixture.ts";

const refusal = (name: string): { rule: string; code: string; text: string } => ({
  rule: "required-claims",
  code: "InvalidIdentityToken",
  text: `Missing a required claim: ${name}`,
});

describe("STS rule required-claims", () => {
  for (const name of ["iss", "sub", "aud", "iat", "exp"]) {
    test(`refuses a token without ${name}`, () => refuses({ claims: { [name]: undefined } }, refusal(name)));
  }

  for (const name of ["iss", "aud"]) {
    test(`refuses a token whose ${name} is null`, () => refuses({ claims: { [name]: null } }, refusal(name)));
  }

  test("names the first of several claims that are missing", () =>
    refuses({ claims: { exp: undefined, sub: undefined } }, refusal("sub")));

  test("refuses a token with an empty payload", () => refuses({ payload: "{}" }, refusal("iss")));

  test("accepts a token without nbf and jti", () => accepts({ claims: { nbf: undefined, jti: undefined } }));
});
