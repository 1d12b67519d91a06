import { describe, test } from "node:test";
import { accepts, refuses } from "../openbao-fixture.ts";

describe("OpenBao's rule role-exists", () => {
  test("refuses a role that the mount has not", () =>
    refuses(
      { facts: { found: undefined } },
      { rule: "role-exists", text: 'role "cart" could not be found' },
    ));
  test("accepts one that it has", () => accepts());
});
