/** What causes, reasons and errors tell people to do next: whether podtrust has the commands that they name. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { catalogue } from "../../src/core/base/index.ts";
import { reasons } from "../../src/core/reasons/index.ts";
import { judgeChain } from "../../src/doctor/chain/index.ts";
import { namedBy, understand } from "../docs/pages.ts";
import { recordedFaults } from "./chain/recorded.ts";
import { writtenOutputs } from "./outputs.ts";

interface Step {
  readonly of: string;
  readonly next: string;
}

function stepsOf(table: Readonly<Record<string, { readonly next?: string }>>): readonly Step[] {
  return Object.entries(table).flatMap(([of, { next }]) => (next === undefined ? [] : [{ of, next }]));
}

/** What the judges say in place of a cause's own step, with the values of what was recorded. */
const judged: readonly Step[] = recordedFaults().flatMap(({ cause, facts }) =>
  judgeChain(facts).findings.map(({ reason, next }) => ({ of: `${cause}: ${reason}`, next })),
);
const written: readonly Step[] = Object.entries(writtenOutputs()).flatMap(([of, output]) =>
  output === undefined ? [] : [{ of, next: output.next }],
);

/** The words from each `podtrust` to the end of its clause. */
function clausesOf(text: string): readonly (readonly string[])[] {
  return [...text.matchAll(/(?<![-\w/.]|-n )podtrust (?=[a-z])/gu)].map(({ 0: { length }, index }) => {
    const words: string[] = [];
    for (const word of text.slice(index + length).split(/\s+/u)) {
      const plain = word.replace(/[.,;:)`]+$/u, "");
      if (plain === "" || plain === "|") break;
      words.push(plain);
      if (plain !== word) break;
    }
    return words;
  });
}

/** An option, or what a person puts in: both belong to the command. */
const isTyped = (word: string): boolean => word.startsWith("-") || /^[A-Z]{2,}(?:\/[A-Z]+)?$/u.test(word);

async function isParsed(words: readonly string[]): Promise<boolean> {
  try {
    await understand(words);
    return true;
  } catch {
    return false;
  }
}

/** The first words after a command's name where it is the subject of a sentence. */
const verbs: ReadonlySet<string> = new Set("makes its runs sets that reads changes kept moves".split(" "));

/** What is wrong with the command of a clause; undefined where the command line takes it. */
async function wrongIn(words: readonly string[]): Promise<string | undefined> {
  const typed = words.findLastIndex(isTyped) + 1;
  for (let count = words.length; count >= Math.max(1, typed); count -= 1)
    if (await isParsed(words.slice(0, count))) return undefined;
  // A step may leave out what each has to give: a file, a name. Then command and options are there all the same.
  const { name, options, holds } = await namedBy(words);
  const [after] = words.slice(name === "" ? 0 : name.split(" ").length);
  if (name === "" || (holds.length > 0 && after !== undefined && !verbs.has(after)))
    return `podtrust ${words.join(" ")}: ${after} is no command`;
  const strange = words.filter((word) => word.startsWith("--") && !options.includes(word));
  return strange.length === 0 ? undefined : `podtrust ${words.join(" ")}: there is no ${strange.join(", ")}`;
}

describe("every step that is told", () => {
  for (const [name, steps] of [
    ["by a reason or a cause", stepsOf(reasons)],
    ["by an error", stepsOf(catalogue)],
    ["for a stack that was broken", judged],
    ["for an issuer that was broken", written],
  ] as const)
    test(`${name} names commands that podtrust has, with options that they take`, async () => {
      const wrong: string[] = [];
      let clauses = 0;
      for (const { of, next } of steps)
        for (const words of clausesOf(next)) {
          if (verbs.has(words[0] ?? "")) continue;
          clauses += 1;
          const problem = await wrongIn(words);
          if (problem !== undefined) wrong.push(`${of}: ${problem}`);
        }
      assert.deepEqual(wrong, []);
      assert.ok(steps.length > 50 && clauses > 0, `${clauses} commands in ${steps.length} steps`);
    });

  test("is known for wrong where podtrust has no such command, or it has no such option", async () => {
    for (const text of [
      "Repair it: podtrust mend.",
      "Take it back with podtrust rotate restor KID.",
      "Print it with podtrust manifests azure-policy.",
      "Register it: podtrust up --ca-file FILE. Or leave it.",
      "See by which rule, with podtrust explain --party gcp.",
    ])
      for (const words of clausesOf(text)) assert.notEqual(await wrongIn(words), undefined, text);
  });
});
