import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readDescribedLogin } from "./index.ts";

const role = { data: { bound_audiences: ["openbao"], bound_subject: "s", user_claim: "sub" } };

describe("what bao reads", () => {
  test("is a role, and the mount's config where it is given", () => {
    const read = { role: { boundAudiences: ["openbao"], boundSubject: "s" } };
    assert.deepEqual(readDescribedLogin([role]), read);
    assert.deepEqual(readDescribedLogin([{ data: { bound_issuer: "" } }, role]), read);
    assert.deepEqual(readDescribedLogin([{ data: { bound_issuer: "https://a.test" } }, role]), {
      ...read,
      boundIssuer: "https://a.test",
    });
    assert.deepEqual(readDescribedLogin([{ data: { bound_audiences: null } }]).role, {
      boundAudiences: [],
      boundSubject: "",
    });
  });

  test("has bound claims, one value or several", () => {
    const bound_claims = { sub: ["a", "b"], team: "dev" };
    assert.deepEqual(readDescribedLogin([{ data: { ...role.data, bound_claims } }]).role.boundClaims, {
      sub: ["a", "b"],
      team: ["dev"],
    });
  });

  test("with claims that are not judged here is refused: patterns, and claims inside others", () => {
    for (const more of [
      { bound_claims: { sub: ["a*"] }, bound_claims_type: "glob" },
      { bound_claims: { "/kubernetes.io/namespace": ["shop"] }, bound_claims_type: "string" },
    ])
      assert.throws(() => readDescribedLogin([{ data: { ...role.data, ...more } }]), {
        code: "description-invalid",
        message: /bound claims that are patterns, or inside others/u,
      });
  });

  test("of something else is refused with the command that prints a role", () => {
    assert.throws(() => readDescribedLogin([[], { data: {} }]), {
      code: "description-invalid",
      message: /none of the files is a role/u,
    });
  });
});
