import assert from "node:assert/strict";
import { test } from "node:test";
import { parseJwkSet } from "../../src/rules/keys/index.ts";

// RFC 7517, appendix A.2: the same keys with their private members (of the RSA key, those up to d).
const ec = {
  kty: "EC",
  crv: "P-256",
  x: "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
  y: "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
  d: "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE",
  use: "enc",
  kid: "1",
};
const rsa = {
  kty: "RSA",
  n: "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
  e: "AQAB",
  d: "X4cTteJY_gn4FYPsXB8rdXix5vwsg1FLN5E3EaG6RJoVH-HLLKD9M7dx5oo7GURknchnrRweUkC7hT5fJLM0WbFAKNLWY2vv7B6NqXSzUvxT0_YSfqijwp3RTzlBaCxWp4doFk5N2o8Gy_nHNKroADIkJ46pRUohsXywbReAdYaMwFs9tv8d_cPVY3i07a3t8MN6TNwm0dSawm9v47UiCl3Sk5ZiG7xojPLu4sbg1U2jx4IBTNBznbJSzFHK66jT8bgkuqsk0GjskDJk19Z4qwjwbsnn4j2WBii3RL-Us2lGVkY8fkFzme1z0HbIkfz0Y6mqnOYtqc0X4jfcKoAC8Q",
  alg: "RS256",
  kid: "2011-04-29",
};

for (const [name, keys] of [
  ["the whole set", [ec, rsa]],
  ["the RSA key alone", [rsa]],
  ["the EC key alone", [ec]],
] as const) {
  test(`RFC 7517 A.2: private keys are refused: ${name}`, () => {
    assert.throws(
      () => parseJwkSet(JSON.stringify({ keys })),
      (error: unknown) => {
        assert.match(String(error), /carries the private member "d"/u);
        return !JSON.stringify(error).includes(ec.d) && !JSON.stringify(error).includes(rsa.d);
      },
    );
  });
}

test("RFC 7517 A.2: without d they are the keys of A.1", () => {
  const keys = [ec, rsa].map(({ d, ...key }) => (assert.ok(d), key));
  assert.deepEqual(
    parseJwkSet(JSON.stringify({ keys })).keys.map(({ kid }) => kid),
    ["2011-04-29"],
  );
});
