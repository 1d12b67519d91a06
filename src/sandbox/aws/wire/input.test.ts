import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  flag,
  type Input,
  integer,
  problemsText,
  readInput,
  required,
  structures,
  text,
  texts,
} from "./input.ts";
import type { RawRecord } from "./value.ts";

function problems(fields: Input, raw: RawRecord): string {
  return problemsText(readInput(fields, raw).problems);
}

describe("an operation's parameters", () => {
  test("an absent parameter is undefined, unless it is required", () => {
    const fields = { A: text(), B: integer(), C: flag(), D: texts({}), E: structures({}) };
    const { params, problems: none } = readInput(fields, {});
    assert.deepEqual(none, []);
    assert.deepEqual(params, { A: undefined, B: undefined, C: undefined, D: undefined, E: undefined });
    assert.equal(
      problems({ RoleArn: required(text()) }, {}),
      "1 validation error detected: Value at 'roleArn' failed to satisfy constraint: Member must not be null",
    );
  });

  test("broken constraints have AWS's words, and all of them are named", () => {
    const name = required(text({ min: 2, max: 4, pattern: "[a-z]*" }));
    assert.equal(
      problems({ RoleSessionName: name }, { RoleSessionName: "A" }),
      "2 validation errors detected: Value 'A' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2; Value 'A' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]*",
    );
    assert.equal(
      problems({ N: integer({ min: 900, max: 43_200 }) }, { N: "100" }),
      "1 validation error detected: Value '100' at 'n' failed to satisfy constraint: Member must have value greater than or equal to 900",
    );
    assert.match(problems({ N: integer({ max: 5 }) }, { N: 6 }), /less than or equal to 5/u);
    assert.match(problems({ N: integer() }, { N: "1.5" }), /valid integer/u);
    assert.match(problems({ F: flag() }, { F: "perhaps" }), /enum value set: \[true, false\]/u);
    assert.match(problems({ S: text({ oneOf: ["a", "b"] }) }, { S: "c" }), /enum value set: \[a, b\]/u);
    assert.match(problems({ S: text({ max: 2 }) }, { S: "abc" }), /length less than or equal to 2/u);
  });

  test("a list of texts is judged as a whole, structures member by member", () => {
    assert.equal(
      problems({ ThumbprintList: texts({ min: 40, max: 40 }) }, { ThumbprintList: ["ab", "cd"] }),
      "1 validation error detected: Value '[ab, cd]' at 'thumbprintList' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 40, Member must have length greater than or equal to 40]",
    );
    assert.match(
      problems({ L: texts({}, { max: 1 }) }, { L: ["a", "b"] }),
      /'l'.*length less than or equal to 1/u,
    );
    assert.match(problems({ L: texts({}, { min: 1 }) }, { L: "" }), /length greater than or equal to 1/u);
    const tags = structures({ Key: required(text({ max: 3 })) }, { max: 2 });
    assert.match(
      problems({ Tags: tags }, { Tags: [{ Key: "a" }, { Key: "long" }] }),
      /at 'tags\.2\.member\.key'/u,
    );
    assert.match(problems({ Tags: tags }, { Tags: [{ Key: "a" }, {}] }), /Value at 'tags\.2\.member\.key'/u);
    assert.match(problems({ Tags: tags }, { Tags: [{}, {}, {}] }), /Value '\[3 members\]' at 'tags'/u);
  });

  test("values come out typed, whatever the protocol wrote", () => {
    const fields = { N: integer(), F: flag(), S: text(), L: texts({}), T: structures({ Key: text() }) };
    const wanted = { N: 5, F: true, S: "1", L: ["a"], T: [{ Key: "k" }] };
    assert.deepEqual(
      readInput(fields, { N: "5", F: "true", S: "1", L: ["a"], T: [{ Key: "k" }] }).params,
      wanted,
    );
    assert.deepEqual(readInput(fields, { N: 5, F: true, S: 1, L: "a", T: [{ Key: "k" }] }).params, wanted);
    assert.deepEqual(readInput({ T: structures({ Key: text() }) }, { T: ["no structure"] }).params, {
      T: [{ Key: undefined }],
    });
    assert.deepEqual(readInput({ S: text() }, { S: null }).params, { S: undefined });
  });
});
