import assert from "node:assert/strict";
import { test } from "node:test";
import { parseJwkSet } from "../../src/rules/keys/index.ts";

// RFC 7517, appendix A.1: a set of two public keys, of which one is for encryption.
const set = `{"keys":
  [
    {"kty":"EC",
     "crv":"P-256",
     "x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
     "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
     "use":"enc",
     "kid":"1"},

    {"kty":"RSA",
     "n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
     "e":"AQAB",
     "alg":"RS256",
     "kid":"2011-04-29"}
  ]
}`;

test("RFC 7517 A.1: the key for signatures is read, the one for encryption left out", () => {
  const { keys, leftOut, warnings } = parseJwkSet(set);
  assert.deepEqual(
    keys.map(({ kty, kid, use, alg, e }) => ({ kty, kid, use, alg, e })),
    [{ kty: "RSA", kid: "2011-04-29", use: "sig", alg: "RS256", e: "AQAB" }],
  );
  assert.equal(keys[0]?.n?.length, 342);
  assert.deepEqual(leftOut, [{ kid: "1", reason: 'its use is "enc", not "sig"' }]);
  assert.match(warnings.join(), /"2011-04-29" is not the one Kubernetes makes/u);
});

test("RFC 7517 A.1: both are read when both are for signatures", () => {
  const { keys } = parseJwkSet(set.replace('"use":"enc"', '"use":"sig"'));
  assert.deepEqual(
    keys.map(({ kid, alg }) => `${kid} ${alg}`),
    ["1 ES256", "2011-04-29 RS256"],
  );
});
