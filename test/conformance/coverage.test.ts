import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { entraRules } from "../../src/rules/azure/index.ts";
import { exchangeRules, impersonationRules } from "../../src/rules/gcp/index.ts";
import { loginRules } from "../../src/rules/openbao/index.ts";
import { iamRules, stsRules } from "../../src/rules/trust/index.ts";

const folder = new URL("sts/", import.meta.url);
const files = readdirSync(folder);

test("every rule of STS has a file that is named after it, and every file has its rule", () => {
  assert.deepEqual(files.toSorted(), stsRules.map((rule) => `${rule.name}.test.ts`).toSorted());
});

test("every rule of STS has a name of its own", () => {
  assert.equal(new Set(stsRules.map((rule) => rule.name)).size, stsRules.length);
});

for (const rule of stsRules) {
  test(`the file of ${rule.name} asserts every answer of the rule, letter by letter`, () => {
    const source = readFileSync(new URL(`${rule.name}.test.ts`, folder), "utf8");
    assert.match(source, /refuses\(|refusalOf\(/u);
    assert.match(source, /accepts\(|grantOf\(/u);
    const fixture = readFileSync(new URL("fixture.ts", import.meta.url), "utf8");
    for (const text of rule.answers.flatMap((answer) => Object.values(answer.texts))) {
      // The longest piece without a value in it.
      const piece = text.split(/<[^<>]+>/u).reduce((a, b) => (b.length > a.length ? b : a));
      const literal = piece === "" || source.includes(piece);
      assert.ok(literal || (fixture.includes(piece) && source.includes("texts.")), `${rule.name}: ${text}`);
    }
  });
}

for (const { name, answer } of iamRules) {
  test(`the file of IAM's rule ${name} asserts its answer`, () => {
    const source = readFileSync(new URL(`iam/${name}.test.ts`, import.meta.url), "utf8");
    for (const piece of answer.texts["2026"].split(/<[^<>]+>/u)) assert.ok(source.includes(piece), piece);
    assert.ok(source.includes(answer.code));
  });
}

for (const [folderOf, title, rules] of [
  ["gcp", "Google Cloud", [...exchangeRules, ...impersonationRules]],
  ["azure", "Azure", entraRules],
  ["openbao", "OpenBao", loginRules],
] as const) {
  const place = new URL(`${folderOf}/`, import.meta.url);

  test(`every rule of ${title} has a file that is named after it, and every file has its rule`, () => {
    assert.deepEqual(readdirSync(place).toSorted(), rules.map((rule) => `${rule.name}.test.ts`).toSorted());
  });

  for (const { name, answers } of rules)
    test(`the file of ${title}'s rule ${name} asserts every answer of the rule, letter by letter`, () => {
      const source = readFileSync(new URL(`${name}.test.ts`, place), "utf8").replaceAll("\\'", "'");
      assert.match(source, /refuses\(|refusalOf\(/u);
      assert.match(source, /accepts\(|grantOf\(/u);
      for (const { text } of answers) {
        // The longest piece without a value in it, but for the end that several share.
        const pieces = text.replace(/ Please check your federated.*/u, "").split(/<[^<>]+>/u);
        const piece = pieces
          .reduce((a, b) => (b.length > a.length ? b : a))
          .replace(/^AADSTS\d+: |^'\. /u, "");
        assert.ok(source.includes(piece), `${name}: ${piece}`);
      }
    });
}
