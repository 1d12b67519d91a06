import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { nameProblem, testNames } from "./test-names.ts";

const files = globSync(["src/**/*.test.ts", "test/**/*.test.ts"]).sort();

describe("the names of all tests", () => {
  test("can be read alone in a report: no pronoun at the beginning, four words or more", () => {
    const poor = files.flatMap((file) =>
      testNames(readFileSync(file, "utf8")).flatMap((name) => {
        const problem = nameProblem(name);
        return problem === undefined ? [] : [`${file}:${name.line}: "${name.chain.join(" › ")}" ${problem}`];
      }),
    );
    assert.deepEqual(poor, []);
  });

  test("were found in nearly every file", () => {
    const without = files.filter((file) => testNames(readFileSync(file, "utf8")).length === 0);
    assert.ok(files.length > 200);
    assert.ok(without.length < files.length / 50, without.join(", "));
  });
});

describe("the check of test names", () => {
  // Each line in quotes, so that this file's own tests are told from them.
  const source = [
    'test("it works", () => {});',
    'describe("a stand-in", () => {',
    '  test("answers", () => {});',
    '  describe("that was told to fail", () => {',
    "    test.skip(",
    '      "answers 500",',
    "      () => {},",
    "    );",
    "  });",
    '  test("this too", () => {});',
    '  test("that is closed refuses connections", () => {});',
    "});",
    "test(`a name with ${what} in it`, () => {});",
    String.raw`test("\"quoted\" names are read to their end", () => {});`,
  ].join("\n");

  test("reads each name with the suites around it", () => {
    assert.deepEqual(
      testNames(source).map(({ chain }) => chain.join(" › ")),
      [
        "it works",
        "a stand-in › answers",
        "a stand-in › that was told to fail › answers 500",
        "a stand-in › this too",
        "a stand-in › that is closed refuses connections",
        "a name with ${what} in it",
        String.raw`\"quoted\" names are read to their end`,
      ],
    );
  });

  test("refuses pronouns and names of less than four words, with the suites counted", () => {
    assert.deepEqual(testNames(source).map(nameProblem), [
      "begins with a pronoun",
      "has fewer than 4 words",
      undefined,
      "begins with a pronoun",
      undefined,
      undefined,
      undefined,
    ]);
    const alone = (name: string): string | undefined => nameProblem({ line: 1, chain: [name] });
    for (const poor of [
      "that is declined is not run",
      "one that expired is refused",
      "both are read when asked",
    ]) {
      assert.equal(alone(poor), "begins with a pronoun");
    }
    for (const good of ["one account serves every stack", "both documents come over TLS"]) {
      assert.equal(alone(good), undefined);
    }
  });
});
