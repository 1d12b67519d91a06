import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  CelError,
  type CelFault,
  celExpression,
  type CelValue,
  celValue,
  celResult,
  typeName,
} from "./index.ts";

const assertion = celValue({
  sub: "system:serviceaccount:shop:cart",
  exp: 1_795_000_000,
  ratio: 0.5,
  groups: ["writers", "readers"],
  nothing: null,
  isAdmin: false,
  "kubernetes.io": { namespace: "shop", serviceaccount: { name: "cart" } },
});

const valueOf = (text: string): CelValue => celExpression(text, ["assertion"]).evaluate({ assertion });

function faultOf(text: string): readonly [CelFault, string] {
  try {
    valueOf(text);
  } catch (error) {
    if (error instanceof CelError) return [error.fault, error.message];
    throw error;
  }
  return assert.fail(`${text} has a value`);
}

describe("an expression of CEL", () => {
  const values: readonly (readonly [text: string, value: CelValue])[] = [
    // Literals.
    ["null", null],
    ["true", true],
    ["0x1F", 31n],
    ["-9223372036854775808", -(2n ** 63n)],
    ["-1.5e3", -1500],
    [".5", 0.5],
    ['"a\\n\\t\\"\\u00e9\\U0001F600\\x41\\101"', 'a\n\t"é😀AA'],
    ["r'\\n'", "\\n"],
    ["'''it's\nlong'''", "it's\nlong"],
    ["[1, 'a', true,]", [1n, "a", true]],
    ["{'a': 1}.a // with a comment", 1n],
    // Members.
    ["assertion.sub", "system:serviceaccount:shop:cart"],
    ["assertion['kubernetes.io']['namespace']", "shop"],
    ["assertion.groups[1]", "readers"],
    ["assertion.groups[1.0]", "readers"],
    ["has(assertion.sub) && !has(assertion.missing)", true],
    // Operators.
    ["assertion.exp == 1795000000.0", true],
    ["'1' == assertion.exp", false],
    ["[1, 2.0] == [1.0, 2]", true],
    ["[1] == [1, 2]", false],
    ["{'a': 1, 'b': 'x'} == {'a': 1.0, 'b': 'x'}", true],
    ["{'a': 1} == {'b': 1}", false],
    ["{'a': 1} == {'a': 1, 'b': 2}", false],
    ["null == null", true],
    ["assertion.nothing != false", true],
    ["1 < 2 && assertion.exp >= 2.0 && 3.0 > 2 && 2 <= 2", true],
    ["'b' > 'a' && false < true", true],
    ["'\\U0001F600' > '\\uFFFD'", true],
    ["'a' < 'ab' && !('ab' < 'a') && 'a' <= 'a'", true],
    ["'shop' in ['shop', 'web']", true],
    ["'namespace' in assertion['kubernetes.io']", true],
    ["assertion.exp in {'a': 1}", false],
    ["'a' in {'a': 1}", true],
    ["'cluster::' + assertion.sub", "cluster::system:serviceaccount:shop:cart"],
    ["[1] + [2]", [1n, 2n]],
    ["1 + 2 == 3 && 0.5 + assertion.ratio == 1.0", true],
    ["(assertion.ratio + 0.5) + assertion.ratio", 1.5],
    ["assertion.isAdmin ? 'admin' : 'user'", "user"],
    ["false ? 1 : false ? 2 : 3", 3n],
    ["assertion['kubernetes.io'].namespace", "shop"],
    ["true ? 1 : 2", 1n],
    ["!!true", true],
    ["!!!true", false],
    ["'a' in ['b'] || 'c' == 'c'", true],
    // One side that decides is enough.
    ["assertion.missing == 'x' || true", true],
    ["false && assertion.missing", false],
    ["true || assertion.missing", true],
    // Functions.
    ["size(assertion.groups) == 2 && assertion.sub.size() == 31 && size({'a': 1}) == 1", true],
    ["size('😀')", 1n],
    ["assertion.sub.startsWith('system:') && assertion.sub.endsWith(':cart')", true],
    ["assertion.sub.contains('shop')", true],
    ["assertion.sub.split(':')[2]", "shop"],
    ["'ab'.split('')", ["a", "b"]],
    ["'Ä-A'.lowerAscii() + 'ä-a'.upperAscii()", "Ä-aä-A"],
    // Macros.
    ["assertion.groups.exists(g, g == 'writers')", true],
    ["assertion.groups.exists(g, g.x == 1 || g == 'readers')", true],
    ["assertion.groups.all(g, g.endsWith('ers'))", true],
    ["assertion.groups.all(g, g == 'writers')", false],
    ["assertion.groups.exists(g, g == 'x')", false],
    ["assertion.groups.exists_one(g, g == 'writers')", true],
    ["assertion.groups.filter(g, g.startsWith('w'))", ["writers"]],
    ["assertion.groups.map(g, g + '!')", ["writers!", "readers!"]],
    ["{'a': 1}.exists(k, k == 'a')", true],
    // Types that are not known, or that go together.
    ["[{}, {'a': 1}] == [{'a': 1}]", false],
    ["[[], [1]][1] == ['a']", false],
    ["(true ? assertion.sub : 1) == 1", false],
    ["[1].exists(assertion, assertion == 1)", true],
    ["{'a': [1]}.a[0] + {'a': 1}['a']", 2n],
    ["has({'a': 1}.b)", false],
    ["'a'.split('')[0] == 'a'", true],
  ];
  for (const [text, value] of values)
    test(`${text} comes to its value`, () => {
      assert.deepEqual(valueOf(text), value);
    });

  const faults: readonly (readonly [text: string, fault: CelFault, message: RegExp])[] = [
    ["", "parse", /an expression is expected, and not the end/u],
    ["1 2", "parse", /at character 3: an operator or the end is expected, and not a int/u],
    ["(1", "parse", /\) is expected/u],
    ["'a", "parse", /a string has no end/u],
    ["'a\n'", "parse", /a line ends inside a string/u],
    ["'\\q'", "parse", /\\q is no escape/u],
    ["'\\xg1'", "parse", /an escape names no character/u],
    ["'\\ud800'", "parse", /an escape names no character/u],
    ["'\\191'", "parse", /an escape names no character/u],
    ["9223372036854775808", "parse", /larger than an int/u],
    ["9223372036854775809", "parse", /larger than an int/u],
    ["1a", "parse", /a number ends in a letter/u],
    ["for == 1", "parse", /for is a reserved word/u],
    ["assertion.in", "parse", /a name is expected, and not in/u],
    ["true ? false ? 1 : 2 : 3", "parse", /: is expected, and not \?/u],
    ["a ; b", "parse", /";" begins nothing/u],
    ["assertion.'sub'", "parse", /a name is expected, and not a string/u],
    ["in", "parse", /an expression is expected before in/u],
    ["has(1)", "parse", /has\(\) asks for a member/u],
    ["has(a.b, c)", "parse", /has\(\) asks for a member/u],
    ["[1 2]", "parse", /, or \] is expected/u],
    ["size('a',)", "parse", /an expression is expected/u],
    ["[1].all(1, true)", "parse", /all\(\) has a name and an expression/u],
    ["[1].all(x)", "parse", /all\(\) has a name and an expression/u],
    ["{'a': 1, 'b': 2", "parse", /\} is expected/u],
    ["1u", "unsupported", /an unsigned number/u],
    ["b'a'", "unsupported", /bytes/u],
    ["1 - 1", "unsupported", /the operator -/u],
    ["2 * 2", "unsupported", /the operator \*/u],
    ["-assertion.exp", "unsupported", /the operator - before/u],
    ["a.?b", "unsupported", /optional members \(\.\?\)/u],
    ["a[?0]", "unsupported", /optional members \(\[\?\]\)/u],
    [".a", "unsupported", /begins with a dot/u],
    ["[1].map(x, true, x)", "unsupported", /map\(\) with more/u],
    ["'a'.matches('b')", "unsupported", /the function matches\(\) with 1 arguments/u],
    ["[{'a': [unknown(1)]}]", "unsupported", /the function unknown\(\)/u],
    ["size('a', 'b')", "unsupported", /the function size\(\) with 2/u],
    ["startsWith('a', 'b')", "unsupported", /the function startsWith\(\)/u],
    [`${"(".repeat(101)}1${")".repeat(101)}`, "unsupported", /more than 100 expressions/u],
    ["missing", "type", /there is nothing called missing: there is assertion/u],
    ["'a' == 1 || true", "type", /== is not for string and int/u],
    ["true || {'a': 1} == {'a': 'b'}", "type", /== is not for map\(string, int\) and map\(string, string\)/u],
    ["[{'a': 1}] == [1]", "type", /== is not for list\(map\(string, int\)\) and list\(int\)/u],
    ["[1] != ['a']", "type", /!= is not for list\(int\) and list\(string\)/u],
    ["1 == 1.0", "type", /== is not for int and double/u],
    ["null == 'a'", "type", /== is not for null_type and string/u],
    ["!1", "type", /! is not for int/u],
    ["null ? 1 : 2", "type", /\?: is not for null_type/u],
    ["true ? 1 : 'a'", "type", /\?: is not for int and string/u],
    ["1 || false", "type", /\|\| is not for int/u],
    ["1 in 'a'", "type", /in is not for int and string/u],
    ["1 in {'a': 1}", "type", /in is not for int and map/u],
    ["1 + 'a'", "type", /\+ is not for int and string/u],
    ["assertion.exp + true", "type", /\+ is not for dyn and bool/u],
    ["{} + {}", "type", /\+ is not for map/u],
    ["1 < 'a'", "type", /< is not for int and string/u],
    ["[] < []", "type", /< is not for list/u],
    ["size(1)", "type", /size\(\) is not for int/u],
    ["assertion.sub.startsWith(true)", "type", /startsWith\(\) is not for dyn and bool/u],
    ["'a'.b", "type", /string has no member b/u],
    ["[1]['a']", "type", /\[\] is not for list\(int\) and string/u],
    ["{'a': 1}[1]", "type", /\[\] is not for map\(string, int\) and int/u],
    ["1['a']", "type", /\[\] is not for int and string/u],
    ["1.5.exists(x, true)", "type", /exists\(\) is not for double/u],
    ["[1].filter(x, x)", "type", /filter\(\) is not for int/u],
    ["[1].all(x, x.y)", "type", /int has no member y/u],
    ["{1: 2}", "unsupported", /a map whose keys are int/u],
    ["assertion.missing", "evaluation", /no such key: missing/u],
    ["assertion.constructor", "evaluation", /no such key: constructor/u],
    ["assertion['missing']", "evaluation", /no such key: missing/u],
    ["assertion[1]", "evaluation", /no such key: int/u],
    ["assertion.sub.length", "evaluation", /string has no member length/u],
    ["assertion.sub[0]", "evaluation", /string has no members/u],
    ["assertion.groups[2]", "evaluation", /index out of bounds: 2/u],
    ["assertion.groups[-1]", "evaluation", /index out of bounds: -1/u],
    ["assertion.groups['a']", "evaluation", /no index of type string/u],
    ["!assertion.exp", "evaluation", /! is not for int/u],
    ["assertion.nothing ? 1 : 2", "evaluation", /\?: is not for null_type/u],
    ["assertion.exp || false", "evaluation", /\|\| is not for int/u],
    ["assertion.missing || false", "evaluation", /no such key/u],
    ["1 in assertion.sub", "evaluation", /in is not for string/u],
    ["assertion.exp + assertion.sub", "evaluation", /\+ is not for int and string/u],
    ["9223372036854775807 + 1", "evaluation", /integer overflow/u],
    ["assertion.exp < assertion.sub", "evaluation", /< is not for int and string/u],
    ["assertion.groups < assertion.groups", "evaluation", /< is not for list and list/u],
    ["assertion['kubernetes.io'] < assertion.exp", "evaluation", /< is not for map and int/u],
    ["size(assertion.exp)", "evaluation", /size\(\) is not for int/u],
    ["assertion.exp.startsWith('1')", "evaluation", /startsWith\(\) is not for int, string/u],
    ["assertion.sub.startsWith(assertion.isAdmin)", "evaluation", /startsWith\(\) is not for string, bool/u],
    ["{assertion.exp: 2}", "evaluation", /a map whose keys are int/u],
    ["{'a': 1, 'a': 2}", "evaluation", /the key a twice/u],
    ["assertion.ratio.exists(x, true)", "evaluation", /exists\(\) is not for double/u],
    ["assertion.groups.filter(x, x)", "evaluation", /filter\(\) is not for string/u],
    ["assertion.groups.all(x, x.y)", "evaluation", /string has no member y/u],
    ["'a'.extract('a')", "evaluation", /extract\(\) has one \{name\}/u],
    ["'a'.extract('{a}{b}')", "evaluation", /extract\(\) has one \{name\}/u],
  ];
  for (const [text, fault, message] of faults)
    test(`${text.length > 60 ? "one that is nested too deep" : JSON.stringify(text)} has none, and its error says why`, () => {
      const [found, said] = faultOf(text);
      assert.equal(found, fault);
      assert.match(said, message);
    });

  // https://cloud.google.com/iam/docs/conditions-attribute-reference#extract
  const path = "projects/_/buckets/acme-orders-aaa/data_lake/orders/order_date=2019-11-03/aef87g87ae0876";
  for (const [template, part] of [
    ["/order_date={date}/", "2019-11-03"],
    ["buckets/{name}/", "acme-orders-aaa"],
    ["/orders/{empty}order_date", ""],
    ["{start}/data_lake", "projects/_/buckets/acme-orders-aaa"],
    ["orders/{end}", "order_date=2019-11-03/aef87g87ae0876"],
    ["{all}", path],
    ["/orders/{none}/order_date=", ""],
    ["/orders/order_date=2019-11-03/{id}/data_lake", ""],
    ["/missing/{id}", ""],
  ] as const)
    test(`extract(${JSON.stringify(template)}) is what Google's page says`, () => {
      assert.equal(valueOf(`'${path}'.extract('${template}')`), part);
    });

  test("whose lists inside lists would take for ever ends after 100,000 steps", () => {
    const groups = celValue({ groups: Array.from({ length: 300 }, () => "g") });
    const expression = celExpression(
      "assertion.groups.all(a, assertion.groups.all(b, assertion.groups.all(c, a == b)))",
      ["assertion"],
    );
    assert.throws(() => expression.evaluate({ assertion: groups }), /it takes more than 100000 steps/u);
  });

  test("that is none is given as its error, and what is no error of CEL's is thrown on", () => {
    assert.ok(celResult("1 +", {}) instanceof CelError);
    assert.ok(celResult("missing", {}) instanceof CelError);
    assert.equal(celResult("1", {}), 1n);
    assert.throws(() => celExpression("a", ["a"]).evaluate({}), /there is nothing called a/u);
    assert.throws(() => celResult(undefined as unknown as string, {}), TypeError);
    const variables = {
      get broken(): string {
        throw new RangeError("ours");
      },
    };
    for (const text of ["broken || true", "[1].exists(x, broken == 'a')"])
      assert.throws(() => celExpression(text, ["broken"]).evaluate(variables), RangeError);
  });

  test("takes every value of JSON, a key called __proto__ too", () => {
    const value = celValue(JSON.parse('{"__proto__": {"a": [1, 1.5, null, true, "x"]}}'));
    const read = celExpression("value.__proto__.a", ["value"]).evaluate({ value });
    assert.deepEqual(read, [1n, 1.5, null, true, "x"]);
    assert.deepEqual([null, true, 1n, 1.5, "a", [], value].map(typeName), [
      "null_type",
      "bool",
      "int",
      "double",
      "string",
      "list",
      "map",
    ]);
  });
});
