import assert from "node:assert/strict";
import { test } from "node:test";
import { audience, grantOf, refuses } from "../fixture.ts";

const refusal = {
  rule: "audience-single",
  code: "InvalidIdentityToken",
  text: "Token audience contains more than one audience while authorized party is not present",
};
const both = [audience, "https://kubernetes.default.svc"];

test("two audiences and no azp", () => refuses({ claims: { aud: both } }, refusal));

test("two audiences, azp null", () => refuses({ claims: { aud: both, azp: null } }, refusal));

test("two audiences that are both registered", () =>
  refuses({ claims: { aud: both }, provider: { clientIds: both } }, refusal));

test("the same audience twice", () => refuses({ claims: { aud: [audience, audience] } }, refusal));

test("two audiences with azp are accepted, and azp is the audience", async () =>
  assert.equal((await grantOf({ claims: { aud: both, azp: audience } })).audience, audience));
