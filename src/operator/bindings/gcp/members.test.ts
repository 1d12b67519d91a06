import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MadeMembers } from "./members.ts";

const pool = { projectNumber: "123456789012", pool: "bindings" };
const member = (name: string) => ({
  email: "web@shop.iam.gserviceaccount.com",
  subject: `system:serviceaccount:shop:${name}`,
});
const names = (made: MadeMembers, of = pool): readonly (string | undefined)[] =>
  made.of(of).map(({ subject }) => subject.split(":").at(-1));

describe("the members that bindings had made", () => {
  test("are known by their pool, until they are taken out", () => {
    const made = new MadeMembers();
    for (const name of ["a", "b"]) made.add(pool, member(name));
    const other = { ...pool, pool: "others" };
    made.add(other, member("c"));
    assert.deepEqual([names(made), names(made, other)], [["a", "b"], ["c"]]);
    assert.deepEqual([made.has(pool, member("a")), made.has(other, member("a"))], [true, false]);
    made.forget(pool, member("a"));
    assert.deepEqual([names(made), made.has(pool, member("a"))], [["b"], false]);
  });

  test("are so many at the most: the one that no pass has had for longest makes room", () => {
    const made = new MadeMembers(2);
    for (const name of ["a", "b", "a", "c"]) made.add(pool, member(name));
    assert.deepEqual(names(made), ["a", "c"]);
  });
});
