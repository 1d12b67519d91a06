import assert from "node:assert/strict";
import { test } from "node:test";
import { parseJwkSet } from "../../src/rules/keys/index.ts";

// RFC 7517, appendix A.3: a set of two symmetric keys.
const set = `{"keys":
  [
    {"kty":"oct",
     "alg":"A128KW",
     "k":"GawgguFyGrWKav7AX4VKUg"},

    {"kty":"oct",
     "k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
     "kid":"HMAC key used in JWS spec Appendix A.1 example"}
  ]
}`;

test("RFC 7517 A.3: symmetric keys are secrets and refused as such", () => {
  assert.throws(() => parseJwkSet(set), { code: "jwks-invalid", message: /carries the private member "k"/u });
});
