import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { audience, grantOf, refuses, texts } from "../fixture.ts";

const rule = "audience-form";

describe("STS rule audience-form", () => {
  test("refuses aud []", () =>
    refuses(
      { claims: { aud: [] } },
      { rule, code: "InvalidIdentityToken", text: "Claim is not allowed to be empty: aud" },
    ));

  for (const aud of [1, true, { a: audience }, [audience, 1], [null]]) {
    test(`refuses aud ${JSON.stringify(aud)}`, () =>
      refuses({ claims: { aud } }, { rule, code: "InvalidIdentityToken", text: texts.couldNotBeValidated }));
  }

  for (const aud of [audience, [audience]]) {
    test(`accepts aud ${JSON.stringify(aud)}`, async () =>
      assert.equal((await grantOf({ claims: { aud } })).audience, audience));
  }
});
