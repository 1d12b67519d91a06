import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { jsonFault } from "./json-fault.ts";

const noValue = "expected a valid value (number, String, array, object, 'true', 'false' or 'null')";
const noName = "was expecting double-quote to start field name";

describe("what STS says of a session policy that is no JSON", () => {
  const found: readonly (readonly [text: string, character: string, wanted: string, place: string])[] = [
    ["invalid policy", "'i' (code 105)", noValue, "line: 1, column: 2"],
    [" \n  <xml>", "'<' (code 60)", noValue, "line: 2, column: 4"],
    ["{bad: 1}", "'b' (code 98)", noName, "line: 1, column: 3"],
    ["{'bad': 1}", "''' (code 39)", noName, "line: 1, column: 3"],
    ['{"a": 1, }', "'}' (code 125)", noName, "line: 1, column: 11"],
    ['{"a": [1, {}, "x", -1.5e3, true, [[]], invalid]}', "'i' (code 105)", noValue, "line: 1, column: 41"],
    ['{"a": {"b": null}, "c": allow}', "'a' (code 97)", noValue, "line: 1, column: 26"],
  ];
  for (const [text, character, wanted, place] of found) {
    test(`of ${JSON.stringify(text)} is its parser's own sentence`, () => {
      const said = jsonFault(text) ?? "";
      const [sentence, source = ""] = said.split("\n");
      assert.equal(sentence, `Unexpected character (${character}): ${wanted}`);
      assert.match(source, /^ at \[Source: java\.io\.StringReader@[0-9a-f]{8}; /u);
      assert.ok(source.endsWith(`; ${place}]`), source);
    });
  }

  for (const text of ["", "  ", "{", '{"a" 1}', '{"a": 1', "[1 2]", "nothing", '"open', "{} x", "[1}", "]"]) {
    test(`of ${JSON.stringify(text)} is not known`, () => assert.equal(jsonFault(text), undefined));
  }

  test("property: finds nothing in what is JSON", () => {
    fc.assert(fc.property(fc.json(), (text) => jsonFault(text) === undefined));
  });

  test("takes no longer for a text that is all nesting", () => {
    assert.equal(jsonFault("[".repeat(100_000)), undefined);
    assert.match(jsonFault(`${'{"a":'.repeat(20_000)}x`) ?? "", /'x' \(code 120\)/u);
  });
});
