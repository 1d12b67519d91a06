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

  test("of something else is refused with the command that prints a role", () => {
    assert.throws(() => readDescribedLogin([[], { data: {} }]), {
      code: "description-invalid",
      message: /none of the files is a role/u,
    });
  });
});
