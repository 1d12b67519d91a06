import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { parse } from "yaml";
import { readYaml, readYamlStream, type YamlDocument, yamlText } from "./index.ts";
import { runs } from "../../../test/support/runs.ts";

const bounds = { bytes: 1024 * 1024, depth: 10, tokens: 50_000 };

function document(text: string): YamlDocument {
  const read = readYaml(text, bounds);
  if ("problems" in read) assert.fail(JSON.stringify(read.problems));
  return read;
}

function problems(text: string, wider: Partial<typeof bounds> = {}): readonly object[] {
  const read = readYaml(text, { ...bounds, ...wider });
  return "problems" in read ? read.problems : [];
}

describe("a YAML document is read", () => {
  test("with the values of the yaml package", () => {
    const json = fc.json({ maxDepth: 5 });
    fc.assert(fc.property(json, (text) => assert.deepEqual(document(text).value, parse(text))));
    assert.deepEqual(document("a: no\nb: 0o17\nc: [1, ~]\n").value, { a: "no", b: 15, c: [1, null] });
  });

  test("what is written reads back as the same, without anchors", () => {
    const shared = { x: "yes" };
    const text = yamlText({ a: shared, b: shared, c: ["1", 1] });
    assert.doesNotMatch(text, /[&*]/u);
    assert.deepEqual(document(text).value, { a: shared, b: shared, c: ["1", 1] });
  });

  test("each value and each key has its place, also behind an alias", () => {
    const read = document("a: &x\n  b: [1,\n      2]\nc: *x\n? d\n: e\n");
    assert.deepEqual(read.positionOf(["a", "b", 1]), { line: 3, column: 7 });
    assert.deepEqual(read.positionOf(["c", "b", 0]), { line: 2, column: 7 });
    assert.deepEqual(read.positionOf(["a", "nowhere", 5]), { line: 2, column: 3 });
    assert.deepEqual(read.positionOfKey(["d"]), { line: 5, column: 3 });
    assert.deepEqual(read.positionOfKey([]), { line: 1, column: 1 });
    assert.deepEqual(read.positionOfKey(["nowhere"]), { line: 1, column: 1 });
  });

  test("a key that stands twice is reported with the place of the second, whatever the keys are", () => {
    const message = "has a key twice: keys must be unique";
    assert.deepEqual(problems("a: 1\nb:\n  x: 1\n  x: 2\n"), [{ line: 4, column: 3, message }]);
    assert.deepEqual(problems("1: a\n'1': b\n"), [{ line: 2, column: 1, message }]);
  });

  test("a key that is a list or a mapping is reported, and not warned of on standard error", (t) => {
    const warn = t.mock.method(process, "emitWarning", () => undefined);
    const message = "has a list or a mapping as a key";
    assert.deepEqual(problems("? [a]\n: b\n"), [{ line: 1, column: 3, message }]);
    assert.deepEqual(problems("a:\n  {x: 1}: b\n"), [{ line: 2, column: 3, message }]);
    assert.equal(warn.mock.callCount(), 0);
  });

  test("broken syntax, a second document and an alias without anchor are reported", () => {
    for (const text of ["a: [b\n", "a: 'b\n", "a: b: c\n", "a: 1\n---\nb: 2\n", "a: *b\n", "\t- a\n"]) {
      assert.equal(problems(text).length > 0, true, text);
    }
  });
});

describe("a bound ends the reading, and says so", () => {
  const bound = true;

  test("bytes", () => {
    const [problem] = problems("é".repeat(10), { bytes: 19 });
    assert.deepEqual(problem, { line: 1, column: 1, message: "is larger than 19 bytes", bound });
    assert.deepEqual(problems("é".repeat(10), { bytes: 20 }), []);
  });

  test("depth, whether in flow or in block style", () => {
    const nested = (levels: number): string => `${"[".repeat(levels)}${"]".repeat(levels)}`;
    assert.deepEqual(problems(nested(10)), []);
    const [flow] = problems(nested(11));
    assert.deepEqual(flow, { line: 1, column: 11, message: "is nested more than 10 levels deep", bound });
    const block = (levels: number): string =>
      Array.from({ length: levels }, (_, level) => `${" ".repeat(level)}a:\n`).join("");
    assert.deepEqual(problems(block(10)), []);
    assert.match(JSON.stringify(problems(block(12))), /nested more than 10 levels deep/u);
    assert.match(JSON.stringify(problems("&a [*a]")), /nested more than 10 levels deep/u);
  });

  test("tokens", () => {
    const [problem] = problems("- a\n".repeat(20_000));
    assert.match(JSON.stringify(problem), /"has more than 50000 keys, values and marks","bound":true/u);
  });

  test("aliases: their number, and what they make of the document", () => {
    const bomb = `a: &a [x, x, x, x, x, x, x, x, x, x]\n${Array.from({ length: 6 }, (_, n) => {
      const [from, to] = [97 + n, 98 + n].map((code) => String.fromCodePoint(code));
      return `${to}: &${to} [${Array(10).fill(`*${from}`).join(", ")}]\n`;
    }).join("")}`;
    assert.match(JSON.stringify(problems(bomb)), /alias/u);
    assert.match(JSON.stringify(problems(`a: &a 1\nb: [${"*a, ".repeat(101)}]\n`)), /more than 100 aliases/u);
    assert.deepEqual(problems(`a: "*b"\nc: |\n${"  *d\n".repeat(200)}`), []);
    const wide = `a: &a [${"x, ".repeat(5000)}]\nb: [${"*a, ".repeat(60)}]\n`;
    assert.match(JSON.stringify(problems(wide)), /once its aliases are followed/u);
  });
});

describe("a text of several YAML documents", () => {
  const stream = { ...bounds, documents: 3 };
  const values = (text: string): unknown => {
    const read = readYamlStream(text, stream);
    return "documents" in read ? read.documents.map(({ value }) => value) : read.problems;
  };

  test("is read document by document, comments and empty ones included, each with its lines in the whole text", () => {
    const text = "# Source: a\n---\na: 1\n---\n# nothing\n---\nb: [1,\n 2]\n...\n";
    assert.deepEqual(values(text), [{ a: 1 }, null, { b: [1, 2] }]);
    const read = readYamlStream(text, stream);
    assert.ok("documents" in read);
    assert.deepEqual(read.documents[2]?.positionOf(["b", 1]), { line: 8, column: 2 });
    assert.deepEqual(values(""), [null]);
  });

  test("is refused with every mistake of every document", () => {
    const lines = readYamlStream("a: 1\na: 2\n---\nb: 1\n---\nc: [\n", stream);
    assert.ok("problems" in lines);
    assert.deepEqual(
      lines.problems.map(({ line }) => line),
      [2, 7],
    );
  });

  test("is refused at the first document that is too many, and what comes after it is not read", () => {
    const message = "holds more than 3 documents";
    const [problem] = values("a: 1\n---\n".repeat(5) + "[".repeat(100)) as readonly object[];
    assert.deepEqual(problem, { line: 6, column: 1, message, bound: true });
  });

  test("shares the bounds of bytes, tokens, aliases and values among its documents", () => {
    const shares = (text: string, wider: Partial<typeof stream> = {}): string =>
      JSON.stringify(readYamlStream(text, { ...stream, ...wider }));
    assert.match(
      shares("- a\n".repeat(100) + "---\n" + "- a\n".repeat(100), { tokens: 700 }),
      /more than 700 keys/u,
    );
    assert.match(shares("a: 1\n---\nb: 1\n", { bytes: 13 }), /larger than 13 bytes/u);
    const aliases = `a: &a 1\nb: [${"*a, ".repeat(60)}]\n`;
    assert.match(shares(`${aliases}---\n${aliases}`), /more than 100 aliases/u);
    const wide = `a: &a [${"x, ".repeat(3000)}]\nb: [${"*a, ".repeat(40)}]\n`;
    assert.match(shares(`${wide}---\n${wide}`), /once its aliases are followed/u);
    assert.match(shares(`a: 1\n---\n${"[".repeat(11)}${"]".repeat(11)}\n`), /nested more than 10 levels/u);
  });
});

test("any text is read or refused, and never thrown at", () => {
  const marks = fc.constantFrom(...Array.from("[]{}-?:,&*!|>'\"%@`#\n \tab1~<=.\\\uFEFF"));
  fc.assert(
    fc.property(fc.array(marks, { maxLength: 60 }), (characters) => {
      const read = readYaml(characters.join(""), bounds);
      assert.ok("problems" in read ? read.problems.length > 0 : "value" in read);
    }),
    { numRuns: runs(3000) },
  );
});
