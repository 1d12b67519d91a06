import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { grantOf, refuses, texts, trust } from "../fixture.ts";

const claim = "https://aws.amazon.com/source_identity";
const allowed = trust(undefined, { actions: ["sts:AssumeRoleWithWebIdentity", "sts:SetSourceIdentity"] });
const refusal = { rule: "source-identity", code: "InvalidIdentityToken", text: texts.couldNotBeValidated };

describe("STS rule source-identity", () => {
  for (const value of ["", "a", "a b", "x".repeat(65), "aws:alice", 7, ["alice"], { name: "alice" }]) {
    test(`refuses a source identity ${JSON.stringify(value).slice(0, 20)}`, () =>
      refuses({ claims: { [claim]: value }, trust: allowed }, refusal));
  }

  test("grants a legal source identity, and takes null for none", async () => {
    assert.equal(
      (await grantOf({ claims: { [claim]: "alice@example" }, trust: allowed })).sourceIdentity,
      "alice@example",
    );
    assert.equal((await grantOf({ claims: { [claim]: null } })).sourceIdentity, undefined);
  });
});
