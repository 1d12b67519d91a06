import assert from "node:assert/strict";
import { test } from "node:test";
import { parseJws } from "../../src/rules/oidc/index.ts";
import { verifyJws } from "../../src/rules/keys/index.ts";

// RFC 7515, appendix A.3: JWS using ECDSA P-256 SHA-256.
const token = [
  "eyJhbGciOiJFUzI1NiJ9",
  "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
  "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
].join(".");
const jwk = {
  kty: "EC",
  crv: "P-256",
  x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
  y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
};

test("RFC 7515 A.3: the ES256 example is read and verified", () => {
  const jws = parseJws(token);
  assert.equal(jws.alg, "ES256");
  assert.equal(jws.claims["iss"], "joe");
  // R and S as the RFC lists their first bytes.
  assert.deepEqual(Array.from(jws.signature.slice(0, 4)), [14, 209, 33, 83]);
  assert.deepEqual(Array.from(jws.signature.slice(32, 36)), [197, 10, 7, 211]);
  assert.equal(verifyJws(jws, jwk), true);
});

test("RFC 7515 A.3: with R and S exchanged it does not verify", () => {
  const jws = parseJws(token);
  const exchanged = Uint8Array.of(...jws.signature.slice(32), ...jws.signature.slice(0, 32));
  assert.equal(verifyJws({ ...jws, signature: exchanged }, jwk), false);
});
