import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { accepts, refuses } from "../openbao-fixture.ts";
import { issuer } from "../fixture.ts";
import { loginFacts } from "../openbao-fixture.ts";
import { explainLogin } from "../../../src/rules/openbao/index.ts";
import { keyChecks } from "../../../src/rules/keys/index.ts";

describe("OpenBao's rule bound-issuer", () => {
  const text = "error validating token: invalid issuer (iss) claim";
  test("refuses a slash more", () =>
    refuses({ claims: { iss: `${issuer}/` } }, { rule: "bound-issuer", text }));
  test("accepts the mount's own", () => accepts());
  test("accepts any where the mount has none, and warns", async () => {
    const { boundIssuer: _, ...facts } = await loginFacts({ claims: { iss: `${issuer}/` } });
    const report = explainLogin(facts, keyChecks).find(({ rule }) => rule === "bound-issuer");
    assert.deepEqual([report?.outcome, report?.warnings.length], ["accepted", 1]);
  });
});
