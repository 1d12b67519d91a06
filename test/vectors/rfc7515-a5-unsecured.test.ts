import assert from "node:assert/strict";
import { test } from "node:test";
import { parseJws } from "../../src/rules/oidc/index.ts";
import { verifyJws } from "../../src/rules/keys/index.ts";

// RFC 7515, appendix A.5: an unsecured JWS.
const token =
  "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.";

test("RFC 7515 A.5: an unsecured token is read, so that it can be explained, and never verified", () => {
  const jws = parseJws(token);
  assert.equal(jws.alg, "none");
  assert.equal(jws.signature.length, 0);
  const keys = [undefined, {}, { kty: "oct", k: "" }, { kty: "RSA", n: "", e: "" }];
  for (const jwk of keys) assert.equal(verifyJws(jws, jwk), false);
});
