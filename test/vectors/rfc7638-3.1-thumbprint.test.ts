import assert from "node:assert/strict";
import { test } from "node:test";
import { jwkThumbprint } from "../../src/rules/keys/index.ts";

// RFC 7638, section 3.1.
const jwk = {
  kty: "RSA",
  n: "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
  e: "AQAB",
  alg: "RS256",
  kid: "2011-04-29",
};

test("RFC 7638 3.1: the example has its thumbprint", () => {
  assert.equal(jwkThumbprint(jwk), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
});

test("RFC 7638 3.1: members that are not required do not count", () => {
  const { kty, n, e } = jwk;
  assert.equal(jwkThumbprint({ e, use: "enc", n, kid: "another", kty }), jwkThumbprint(jwk));
});
