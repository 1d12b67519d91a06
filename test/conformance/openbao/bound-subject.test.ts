import { describe, test } from "node:test";
import { accepts, refuses } from "../openbao-fixture.ts";

describe("OpenBao's rule bound-subject", () => {
  const text = "error validating token: invalid subject (sub) claim";
  test("refuses another ServiceAccount", () =>
    refuses({ claims: { sub: "system:serviceaccount:shop:other" } }, { rule: "bound-subject", text }));
  test("accepts the role's own", () => accepts());
});
