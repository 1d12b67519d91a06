import assert from "node:assert/strict";
import { test } from "node:test";
import { defined } from "./defined.ts";

test("members without a value are left out, and null, false, zero and the empty text are values", () => {
  const given = { name: undefined, path: null, isOpen: false, port: 0, text: "" };
  assert.deepEqual(Object.entries(defined(given)), [
    ["path", null],
    ["isOpen", false],
    ["port", 0],
    ["text", ""],
  ]);
});
