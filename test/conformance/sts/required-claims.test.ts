import { test } from "node:test";
import { accepts, refuses } from "../fixture.ts";

const refusal = (name: string): { rule: string; code: string; text: string } => ({
  rule: "required-claims",
  code: "InvalidIdentityToken",
  text: `Missing a required claim: ${name}`,
});

for (const name of ["iss", "sub", "aud", "iat", "exp"]) {
  test(`a token without ${name}`, () => refuses({ claims: { [name]: undefined } }, refusal(name)));
}

for (const name of ["iss", "aud"]) {
  test(`a token whose ${name} is null`, () => refuses({ claims: { [name]: null } }, refusal(name)));
}

test("of several the first is named", () =>
  refuses({ claims: { exp: undefined, sub: undefined } }, refusal("sub")));

test("an empty payload", () => refuses({ payload: "{}" }, refusal("iss")));

test("nbf and jti may be missing", () => accepts({ claims: { nbf: undefined, jti: undefined } }));
