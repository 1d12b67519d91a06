import assert from "node:assert/strict";
import { test } from "node:test";
import { parseJws } from "../../src/rules/oidc/index.ts";
import { verifyJws } from "../../src/rules/keys/index.ts";

// RFC 7515, appendix A.2: JWS using RSASSA-PKCS1-v1_5 SHA-256.
const token = [
  "eyJhbGciOiJSUzI1NiJ9",
  "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
  "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
].join(".");
const jwk = {
  kty: "RSA",
  n: "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
  e: "AQAB",
};

test("RFC 7515 A.2: the RS256 example is read and verified", () => {
  const jws = parseJws(token);
  assert.deepEqual(jws.header, { alg: "RS256" });
  assert.deepEqual(jws.claims, { iss: "joe", exp: 1300819380, "http://example.com/is_root": true });
  assert.deepEqual(Array.from(jws.signature.slice(0, 4)), [112, 46, 33, 137]);
  assert.equal(verifyJws(jws, jwk), true);
});

test("RFC 7515 A.2: no other algorithm verifies it", () => {
  const jws = parseJws(token);
  for (const alg of ["RS384", "RS512", "ES256", "HS256", "none"])
    assert.equal(verifyJws({ ...jws, alg }, jwk), false);
});
