import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { accepts, refuses } from "../openbao-fixture.ts";
import { loginFacts } from "../openbao-fixture.ts";
import { loginRefusal } from "../../../src/rules/openbao/index.ts";
import { keyChecks } from "../../../src/rules/keys/index.ts";

describe("OpenBao's rule issuer-documents", () => {
  test("refuses while the keys cannot be read", () => {
    const documents = { ok: false, at: "jwks", reason: "status", detail: "503" } as const;
    const text = "error validating token: error verifying token signature: fetching keys";
    return refuses({ facts: { documents } }, { rule: "issuer-documents", text });
  });
  test("accepts keys, and asks for them where they were not fetched yet", async () => {
    await accepts();
    const facts = await loginFacts({ facts: { documents: undefined } });
    assert.equal(loginRefusal(facts, keyChecks), "needs-documents");
  });
});
