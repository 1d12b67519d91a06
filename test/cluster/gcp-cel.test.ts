/**
 * Google's attribute mappings and conditions are CEL: what we make of random expressions is what cel-go makes of them, and
 * what cel-python makes of them.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { isRecord } from "../../src/core/base/index.ts";
import { CelError, celExpression, celValue } from "../../src/rules/gcp/index.ts";
import { cleanAwsEnvironment, pythonVenv, runProgram } from "../support/python-venv.ts";
import { runs } from "../support/runs.ts";
import { evaluateEach } from "./cel.ts";
import { leftOut } from "./harness/index.ts";

const assertion = {
  sub: "system:serviceaccount:shop:cart",
  exp: 1_795_000_000,
  groups: ["writers", "readers", ""],
  nothing: null,
  isAdmin: false,
  "kubernetes.io": { namespace: "shop", serviceaccount: { name: "cart", uid: "1" } },
  // What an expression would write out: of a claim no library knows the type before it evaluates.
  written: {
    shop: "shop",
    text: "é😀",
    empty: "",
    one: 1,
    less: -7,
    yes: true,
    list: ["shop", "web"],
    map: { shop: 1 },
  },
};

/** A text, a number, a list and so on; some of them not there. */
const leaf = fc.constantFrom(
  "assertion.sub",
  "assertion.exp",
  "assertion.groups",
  "assertion.nothing",
  "assertion.isAdmin",
  "assertion['kubernetes.io'].namespace",
  "assertion['kubernetes.io']['serviceaccount']",
  "assertion['kubernetes.io'].serviceaccount.name",
  "assertion.missing",
  "assertion.groups[0]",
  "assertion.groups[7]",
  ...Object.keys(assertion.written).map((name) => `assertion.written.${name}`),
  "'cart'",
  '"wri\\"ters"',
  "has(assertion.sub)",
  "has(assertion.missing)",
);

/** Literals, of which the types are known before any token; no doubles, whose order with ints stands in check.ts. */
const literal = fc.constantFrom(
  "1",
  "'a'",
  "true",
  "null",
  "[1]",
  "['a', 'b']",
  "[1, 'a']",
  "{'a': 1}",
  "{'a': ['b']}",
);

const expressionOf = (leaves: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.letrec<{ expression: string }>((tie) => {
    const inner = tie("expression");
    const call = (name: string): fc.Arbitrary<string> =>
      fc.tuple(inner, inner).map(([a, b]) => `(${a}).${name}(${b})`);
    return {
      expression: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        { weight: 3, arbitrary: leaves },
        {
          weight: 4,
          arbitrary: fc
            .tuple(inner, fc.constantFrom("==", "!=", "&&", "||", "<", "<=", ">", ">=", "in"), inner)
            .map(([a, operator, b]) => `(${a}) ${operator} (${b})`),
        },
        { weight: 1, arbitrary: inner.map((a) => `!(${a})`) },
        {
          weight: 1,
          arbitrary: fc.tuple(inner, inner, inner).map(([a, b, c]) => `(${a}) ? (${b}) : (${c})`),
        },
        { weight: 1, arbitrary: fc.constantFrom("startsWith", "endsWith", "contains", "split").chain(call) },
        {
          weight: 1,
          arbitrary: fc
            .constantFrom("lowerAscii", "upperAscii", "size")
            .chain((name) => inner.map((a) => `(${a}).${name}()`)),
        },
        {
          weight: 1,
          arbitrary: fc
            .tuple(inner, fc.constantFrom("all", "exists", "exists_one", "filter", "map"), inner)
            .map(([a, macro, b]) => `(${a}).${macro}(x, (x == ${JSON.stringify("readers")}) || (${b}))`),
        },
      ),
    };
  }).expression;

const expression = expressionOf(leaf);
const typed = expressionOf(fc.oneof(leaf, literal));

/** JSON with the members of objects in one order. */
function sorted(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) => {
    if (typeof one === "bigint") return Number(one);
    return isRecord(one) ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1))) : one;
  });
}

/** Nothing for an error, else the value as JSON. */
function ours(text: string): string | undefined {
  try {
    const value = celExpression(text, ["assertion"]).evaluate({ assertion: celValue(assertion) });
    return sorted(value);
  } catch (error) {
    if (error instanceof CelError && (error.fault === "evaluation" || error.fault === "type"))
      return undefined;
    throw error;
  }
}

/** Whether an expression is refused before a token. */
function isRefused(text: string): boolean {
  try {
    celExpression(text, ["assertion"]);
    return false;
  } catch (error) {
    if (error instanceof CelError && error.fault === "type") return true;
    throw error;
  }
}

const expressions = fc.sample(expression, { numRuns: runs(3000), seed: 20_261_129 });

/** JSON of a value of cel-go, undefined for an error. */
const valueOf = (answer: Awaited<ReturnType<typeof evaluateEach>>[number]): string | undefined =>
  "error" in answer || "invalid" in answer ? undefined : sorted(answer.value ?? null);

/**
 * Of expressions those to which cel-go never says what we say. Each is asked about twenty times: Go has the keys of a map in an
 * order that changes, and a list may be made of them.
 */
async function neverSaid(texts: readonly string[]): Promise<readonly string[]> {
  const times = 20;
  const asked = texts.flatMap((text) => Array.from({ length: times }, () => text));
  const answers = asked.length === 0 ? [] : await evaluateEach(asked, { assertion });
  return texts.filter((text, index) => {
    const said = answers.slice(index * times, (index + 1) * times);
    // What does not compile there no condition can be.
    return !said.some((one) => "invalid" in one || valueOf(one) === ours(text));
  });
}

const program = `
import json, sys
from cel import evaluate
with open(sys.argv[1]) as file:
    given = json.load(file)
for text in given["expressions"]:
    try:
        print(json.dumps({"value": evaluate(text, {"assertion": given["assertion"]})}))
    except BaseException as error:
        print(json.dumps({"error": str(error)}))
`;

describe("an attribute condition of Google's", () => {
  test("comes to what cel-go makes of it", { skip: leftOut() }, async (t) => {
    const answers = await evaluateEach(expressions, { assertion });
    const compared = expressions.flatMap((text, index) => {
      const answer = answers[index];
      // cel-go knows the types of literals before it evaluates, and refuses what could never have a value.
      if (answer === undefined || "invalid" in answer) return [];
      return [[text, ours(text), valueOf(answer)] as const];
    });
    t.diagnostic(`${compared.length} of ${expressions.length} compile`);
    assert.ok(compared.length > expressions.length / 2);
    assert.ok(compared.some(([, one]) => one === undefined) && compared.some(([, one]) => one === "true"));
    const differing = compared.flatMap(([text, one, other]) => (one === other ? [] : [text]));
    assert.ok(differing.length <= 20, differing.join("\n"));
    assert.deepEqual(await neverSaid(differing), []);
  });

  test(
    "is refused before any token where cel-go does not compile it, and nowhere else",
    { skip: leftOut() },
    async () => {
      const texts = [...expressions, ...fc.sample(typed, { numRuns: runs(3000), seed: 20_261_201 })];
      const answers = await evaluateEach(texts, { assertion });
      const invalid = texts.map((_, index) => "invalid" in (answers[index] ?? {}));
      assert.ok(invalid.filter(Boolean).length > texts.length / 20);
      const differing = texts.filter((text, index) => isRefused(text) !== invalid[index]);
      assert.deepEqual(differing, []);
    },
  );

  const venv = pythonVenv("common-expression-language", "0.10.0");
  test("comes to what a library of Python makes of it", async (t) => {
    const missing = await venv.missing();
    if (missing !== undefined && process.env["CI"] !== "true") return t.skip(`left out: ${missing}`);
    assert.equal(missing, undefined);
    const folder = await mkdtemp(join(tmpdir(), "podtrust-cel-"));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, "given.json");
    // It has none of cel-go's string extensions.
    const known = expressions
      .filter((text) => !/\.(?:split|lowerAscii|upperAscii)\(/u.test(text))
      .slice(0, runs(500));
    await writeFile(file, JSON.stringify({ assertion, expressions: known }));
    const { code, out, err } = await runProgram(
      venv.program("python"),
      ["-c", program, file],
      cleanAwsEnvironment({}),
    );
    assert.equal(code, 0, err);
    const answers = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { value?: unknown; error?: string });
    assert.equal(answers.length, known.length);
    const differing = known.filter((text, index) => {
      const { value, error } = answers[index] ?? {};
      // It knows no types before it evaluates.
      if (isRefused(text)) return false;
      return ours(text) !== (error === undefined ? sorted(value) : undefined);
    });
    // It counts the bytes of a text, and an error that `||` absorbs in cel-go ends it: there cel-go has to say what we say.
    assert.ok(differing.length <= known.length / 500, `${differing.length} of ${known.length} differ`);
    assert.deepEqual(await neverSaid(differing), [], "neither library says what we say");
  });
});
