import { describe, test } from "node:test";
import { accepts, refuses } from "../openbao-fixture.ts";

describe("OpenBao's rule bound-audiences", () => {
  const text =
    "error validating token: invalid audience (aud) claim: audience claim does not match any expected audience";
  test("refuses AWS's, and names the role's", () =>
    refuses({ claims: { aud: "sts.amazonaws.com" } }, { rule: "bound-audiences", text }));
  test("refuses a role without any", () =>
    refuses(
      { facts: { found: { boundAudiences: [], boundSubject: "system:serviceaccount:shop:cart" } } },
      { rule: "bound-audiences", text },
    ));
  test("accepts one of several", () => accepts({ claims: { aud: ["a", "openbao"] } }));
});
