import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { RoleState } from "../../../providers/aws/index.ts";
import { KnownRoles } from "./known-roles.ts";

const roleOf = (name: string, more: Partial<RoleState> = {}): RoleState => ({
  arn: `arn:aws:iam::111122223333:role/${name}`,
  account: "111122223333",
  name,
  id: `AROA${name}`,
  path: "/",
  description: "",
  trustPolicy: "{}",
  maxSession: 3600,
  boundary: undefined,
  created: 0,
  tags: { "podtrust:stack": `prod/shop/${name}` },
  policies: ["arn:aws:iam::aws:policy/A", "arn:aws:iam::aws:policy/B"],
  inline: {},
  ...more,
});

describe("whose roles were changed by somebody else", () => {
  test("is not known at the first look, and nobody's where all are as they were", () => {
    const known = new KnownRoles();
    assert.deepEqual([...known.look([roleOf("web"), roleOf("api")])], []);
    const otherOrder = { policies: roleOf("web").policies.toReversed() };
    assert.deepEqual([...known.look([roleOf("api"), roleOf("web", otherOrder)])], []);
  });

  for (const [what, more] of [
    ["a policy taken off", { policies: [] }],
    ["another trust policy", { trustPolicy: '{"Version":"2012-10-17"}' }],
    ["another role of its name", { id: "AROAother" }],
    ["a longer session", { maxSession: 7200 }],
    ["a boundary taken away", { boundary: "arn:aws:iam::111122223333:policy/x" }],
  ] as const)
    test(`is told by its mark at the next look: ${what}`, () => {
      const known = new KnownRoles();
      known.look([roleOf("web"), roleOf("api")]);
      assert.deepEqual([...known.look([roleOf("web", more), roleOf("api")])], ["prod/shop/web"]);
      assert.deepEqual([...known.look([roleOf("web", more), roleOf("api")])], [], "and once");
    });

  test("is told of a role that is gone, of a new one, and of one whose mark was changed", () => {
    const known = new KnownRoles();
    known.look([roleOf("web"), roleOf("api")]);
    assert.deepEqual([...known.look([roleOf("api"), roleOf("new")])], ["prod/shop/new", "prod/shop/web"]);
    const stolen = roleOf("api", { tags: { "podtrust:stack": "test" } });
    assert.deepEqual([...known.look([stolen, roleOf("new")])], ["test", "prod/shop/api"]);
  });

  test("is nobody's where it was changed from here and read since", () => {
    const known = new KnownRoles();
    known.look([roleOf("web"), roleOf("api")]);
    const ours = roleOf("web", { policies: [] });
    known.read("web", ours);
    known.read("api", undefined);
    assert.deepEqual([...known.look([ours])], []);
    assert.deepEqual([...known.look([roleOf("web")])], ["prod/shop/web"]);
  });
});
