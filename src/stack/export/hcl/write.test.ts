import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  attributes,
  HclExpression,
  hclText,
  identifier,
  identifiers,
  JsonText,
  type HclValue,
} from "./index.ts";

const written = (values: Readonly<Record<string, HclValue>>): string =>
  hclText([{ type: "a", labels: [], attributes: attributes(values) }]);

describe("HCL", () => {
  test("a text begins no template, ends no quotes and breaks no line", () => {
    assert.equal(
      written({ x: 'a"b\\c\nd\r\t\u0001${e}%{f}$g' }),
      'a {\n  x = "a\\"b\\\\c\\nd\\r\\t\\u0001$${e}%%{f}$g"\n}\n',
    );
  });

  test("a comment stays on its line", () => {
    const text = hclText([{ type: "a", labels: ["x\n"], comment: "one\ntwo", attributes: [] }]);
    assert.equal(text, '# one two\na "x\\n" {}\n');
  });

  test("equals signs stand in columns, and a value of several lines is in none", () => {
    assert.equal(
      written({ a: 1, bcd: true, e: { f: [], "g h": [new HclExpression("x.y")] }, ij: 2, k: {} }),
      'a {\n  a   = 1\n  bcd = true\n  e = {\n    f     = []\n    "g h" = [x.y]\n  }\n  ij = 2\n  k  = {}\n}\n',
    );
  });

  test("a long list takes a line for each of its items", () => {
    const long = "x".repeat(50);
    assert.equal(written({ a: [long, long] }), `a {\n  a = [\n    "${long}",\n    "${long}",\n  ]\n}\n`);
  });

  test("a JSON document is the object that it holds", () => {
    assert.equal(written({ a: new JsonText({ b: "c" }) }), 'a {\n  a = jsonencode({\n    b = "c"\n  })\n}\n');
    assert.equal(written({ a: new JsonText([]) }), "a {\n  a = jsonencode([])\n}\n");
  });

  test("names are identifiers, and no two of them alike", () => {
    assert.equal(identifier("9 lives"), "_9_lives");
    assert.deepEqual([...identifiers(["a.b", "a@b", "a.b", "a_b_2"]).values()], ["a_b", "a_b_2", "a_b_2_2"]);
  });
});
