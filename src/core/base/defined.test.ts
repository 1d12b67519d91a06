import assert from "node:assert/strict";
import { test } from "node:test";
import { defined, mapped } from "./defined.ts";

test("members without a value are left out, and null, false, zero and the empty text are values", () => {
  const given = { name: undefined, path: null, isOpen: false, port: 0, text: "" };
  assert.deepEqual(Object.entries(defined(given)), [
    ["path", null],
    ["isOpen", false],
    ["port", 0],
    ["text", ""],
  ]);
});

test("a value is mapped once where there is one, null and the empty text too, and none stays none", () => {
  const calls: unknown[] = [];
  const shown = (value: unknown): string => `<${calls.push(value)}>`;
  assert.deepEqual(
    [mapped(undefined, shown), mapped(null, shown), mapped("", shown), mapped(0, shown)],
    [undefined, "<1>", "<2>", "<3>"],
  );
  assert.deepEqual(calls, [null, "", 0]);
});
