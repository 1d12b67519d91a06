import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type CountedBinding, withoutRoom } from "./room.ts";

const grant = (maxRoles: number) => ({ namespaces: ["team-*"], maxRoles });

/** A binding of namespace team-a that was made at this minute. */
const binding = (name: string, minute: number, wanted: number, held = 0): CountedBinding => ({
  namespace: "team-a",
  name,
  trust: "default",
  created: `2026-01-01T00:${String(minute).padStart(2, "0")}:00Z`,
  wanted,
  held,
});

const names = (keys: ReadonlySet<string>): readonly string[] =>
  [...keys].map((key) => key.split("/")[1] ?? "");

describe("the room of a grant", () => {
  test("is given to the oldest bindings first, whatever their order, and to one that fits where a larger one does not", () => {
    const { held, wanted } = withoutRoom(grant(4), [
      binding("last", 4, 2),
      binding("first", 1, 2),
      binding("large", 2, 3),
      binding("third", 3, 1),
    ]);
    assert.deepEqual([names(held), names(wanted)], [[], ["large", "last"]]);
  });

  test("is given to bindings of one second by their names, so that each look at them says the same", () => {
    const [a, b] = [binding("a", 1, 1), binding("b", 1, 1)];
    for (const list of [
      [a, b],
      [b, a],
    ])
      assert.deepEqual(names(withoutRoom(grant(1), list).wanted), ["b"]);
  });

  test("is not taken from an existing role by an older binding that asks for more", () => {
    const { held, wanted } = withoutRoom(grant(3), [binding("old", 1, 8, 1), binding("young", 2, 2, 2)]);
    assert.deepEqual([names(held), names(wanted)], [[], ["old"]]);
  });

  test("that was lowered is left to the oldest of the existing roles", () => {
    const { held, wanted } = withoutRoom(grant(2), [binding("young", 2, 2, 2), binding("old", 1, 1, 1)]);
    assert.deepEqual([names(held), names(wanted)], [["young"], ["young"]]);
  });

  test("counts no binding that the grant is not for, and refuses none that asks for no managed role", () => {
    const other = { ...binding("web", 1, 8, 8), namespace: "shop" };
    const { held, wanted } = withoutRoom(grant(1), [other, binding("a", 2, 1), binding("none", 3, 0)]);
    assert.deepEqual([names(held), names(wanted)], [[], []]);
  });
});
