import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseDescription, requiredText, textList, textMap } from "./index.ts";

const invalid = (message: RegExp) => ({ code: "description-invalid", message });

describe("what a vendor's tool prints", () => {
  test("is an object or a list of objects, and anything else is refused with the file's name", () => {
    assert.deepEqual(parseDescription('{"a": 1}', "one.json"), { a: 1 });
    assert.deepEqual(parseDescription('[{"a": 1}]', "all.json"), [{ a: 1 }]);
    assert.throws(() => parseDescription("a: 1", "one.yaml"), invalid(/^one\.yaml is no JSON$/u));
    for (const text of ["1", "null", "[1]"])
      assert.throws(
        () => parseDescription(text, "f"),
        invalid(/^f is neither an object nor a list of objects$/u),
      );
  });

  test("has its members in the types that are read, and what has not is named", () => {
    const record = { text: "a", list: ["a"], map: { a: "b" }, number: 1, mixed: [1], wrong: { a: 1 } };
    assert.equal(requiredText(record, "text", "it"), "a");
    assert.deepEqual(textList(record, "list", "it"), ["a"]);
    assert.deepEqual(textList(record, "missing", "it"), []);
    assert.deepEqual(textMap(record, "map", "it"), { a: "b" });
    assert.deepEqual(textMap(record, "missing", "it"), {});
    assert.throws(() => requiredText(record, "number", "it"), invalid(/^it has no number$/u));
    assert.throws(() => textList(record, "mixed", "it"), invalid(/^mixed of it is no list of texts$/u));
    assert.throws(() => textList(record, "text", "it"), invalid(/no list/u));
    assert.throws(() => textMap(record, "text", "it"), invalid(/^text of it is no object$/u));
    assert.throws(() => textMap(record, "wrong", "it"), invalid(/^wrong of it has no text at a$/u));
  });
});
