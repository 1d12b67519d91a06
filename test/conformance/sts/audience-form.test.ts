import assert from "node:assert/strict";
import { test } from "node:test";
import { audience, grantOf, refuses, texts } from "../fixture.ts";

const rule = "audience-form";

test("aud []", () =>
  refuses(
    { claims: { aud: [] } },
    { rule, code: "InvalidIdentityToken", text: "Claim is not allowed to be empty: aud" },
  ));

for (const aud of [1, true, { a: audience }, [audience, 1], [null]]) {
  test(`aud ${JSON.stringify(aud)}`, () =>
    refuses({ claims: { aud } }, { rule, code: "InvalidIdentityToken", text: texts.couldNotBeValidated }));
}

for (const aud of [audience, [audience]]) {
  test(`aud ${JSON.stringify(aud)} is accepted`, async () =>
    assert.equal((await grantOf({ claims: { aud } })).audience, audience));
}
