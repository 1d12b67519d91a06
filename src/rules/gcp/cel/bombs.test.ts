import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { celBombs, deepExpressions } from "../../../../test/support/cel-bombs.ts";
import { ownTime } from "../../../../test/support/processor-time.ts";
import { CelError, celResult, celValue } from "./index.ts";

const assertion = celValue({ sub: "system:serviceaccount:shop:cart" });

describe("an expression that makes too much", () => {
  for (const [what, text] of Object.entries(celBombs))
    test(`as ${what}: its steps end, whatever stands around it`, () => {
      assert.ok(text.length <= 4096);
      const result = celResult(text, { assertion });
      assert.ok(result instanceof CelError, text);
      assert.deepEqual([result.fault, result.message], ["evaluation", "it takes more than 100000 steps"]);
    });

  test("of all of these none takes a second of the processor, or memory of note", async () => {
    const before = process.memoryUsage().rss;
    const time = await ownTime(() => Object.values(celBombs).map((text) => celResult(text, { assertion })));
    assert.ok(time < 1000 * Object.keys(celBombs).length, `${time} ms`);
    assert.ok(process.memoryUsage().rss - before < 200e6);
  });
});

test("an expression whose type would double with each macro is not judged", () => {
  const maps = (count: number): string => `[1]${".map(a, {a: a})".repeat(count)}`;
  const result = celResult(`${maps(120)} == ${maps(120)}`, {});
  assert.ok(result instanceof CelError);
  assert.deepEqual([result.fault, result.message], ["unsupported", "a map whose keys are int"]);
  const lists = (count: number): string => `[1]${".map(a, {'a': a})".repeat(count)}`;
  assert.equal(celResult(`${lists(100)} == ${lists(100)}`, {}), true);
});

describe("an expression that is nested too deep", () => {
  for (const [what, text] of Object.entries(deepExpressions))
    test(`by ${what} is not judged, and no stack ends`, () => {
      assert.ok(text.length <= 4096);
      const result = celResult(text, { assertion });
      assert.ok(result instanceof CelError, text);
      assert.equal(result.fault, "unsupported");
      assert.match(
        result.message,
        /more than (?:100 expressions inside each other|500 operators or members in a row)/u,
      );
    });

  test("is one of more than any that is written: rows of 500 are judged", () => {
    assert.equal(celResult(`'a'${"+'a'".repeat(300)} == ''`, {}), false);
    assert.equal(celResult(`false${"||false".repeat(499)}||true`, {}), true);
    const deep = JSON.parse(`${'{"a":'.repeat(500)}true${"}".repeat(500)}`) as unknown;
    assert.equal(celResult(`assertion${".a".repeat(500)}`, { assertion: celValue(deep) }), true);
    // A row ends with its operand: the next begins anew.
    const row = `(${"false||".repeat(300)}true)`;
    assert.equal(celResult(`${row} && ${row}`, {}), true);
  });
});

describe("what cel-go says of values that have no members, and of !!", () => {
  test("has() is false of a text, and an error of a list", () => {
    for (const text of ["has(assertion.sub.x)", "has(a.b)"])
      assert.equal(celResult(text, { assertion, a: 1n }), false);
    assert.ok(celResult("has(a.b)", { a: [1n] }) instanceof CelError);
  });

  test("!! is the value itself", () => {
    assert.equal(celResult("!!a", { a: 1n }), 1n);
    assert.ok(celResult("!!!a", { a: 1n }) instanceof CelError);
  });
});
