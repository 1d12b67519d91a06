import assert from "node:assert/strict";
import { test } from "node:test";
import { parseJws } from "../../src/rules/oidc/index.ts";
import { verifyJws } from "../../src/rules/keys/index.ts";

// RFC 7515, appendix A.4: JWS using ECDSA P-521 SHA-512. Its payload is the text "Payload", so it is no token.
const signingInput = "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA";
const signature64 =
  "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn";
const jwk = {
  kty: "EC",
  crv: "P-521",
  x: "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
  y: "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2",
};

test("RFC 7515 A.4: the ES512 example is verified", () => {
  const signature = Buffer.from(signature64, "base64url");
  assert.equal(signature.length, 132);
  assert.equal(verifyJws({ alg: "ES512", signingInput, signature, critical: [] }, jwk), true);
  assert.equal(verifyJws({ alg: "ES384", signingInput, signature, critical: [] }, jwk), false);
});

test("RFC 7515 A.4: a JWS whose payload is no JSON object is no token", () => {
  assert.throws(() => parseJws(`${signingInput}.${signature64}`), {
    code: "token-invalid",
    message: "the token's payload is not JSON",
  });
});
