import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { audience, grantOf, refuses } from "../fixture.ts";

const refusal = {
  rule: "audience-single",
  code: "InvalidIdentityToken",
  text: "Token audience contains more than one audience while authorized party is not present",
};
const both = [audience, "https://kubernetes.default.svc"];

describe("STS rule audience-single", () => {
  test("refuses a token of two audiences without azp", () => refuses({ claims: { aud: both } }, refusal));

  test("refuses a token of two audiences whose azp is null", () =>
    refuses({ claims: { aud: both, azp: null } }, refusal));

  test("refuses a token of two audiences that are both registered", () =>
    refuses({ claims: { aud: both }, provider: { clientIds: both } }, refusal));

  test("refuses a token that names the same audience twice", () =>
    refuses({ claims: { aud: [audience, audience] } }, refusal));

  test("accepts a token of two audiences with azp, and azp is the audience", async () =>
    assert.equal((await grantOf({ claims: { aud: both, azp: audience } })).audience, audience));
});
