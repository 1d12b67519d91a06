/**
 * Rules of words for every page that is written by hand. Code, decisions (docs/adr/), CHANGELOG and what programs write are
 * left out; the benchmarks are looked at, since their sentences are written by hand in test/bench/.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type GeneratedPage, generatedPages } from "../../tools/docs.ts";

const generated = new Set((await generatedPages()).map(({ path }: GeneratedPage) => path));
const pages = execFileSync("git", ["ls-files", "*.md"], { encoding: "utf8" })
  .trim()
  .split("\n")
  .filter((page) => !generated.has(page) || page.startsWith("docs/reference/benchmarks/"))
  .filter((page) => !/(?:^|\/)CHANGELOG\.md$|^docs\/adr\//u.test(page));

test("every page that is written by hand is looked at", () => {
  const benchmark = "docs/reference/benchmarks/publisher.md";
  for (const page of [
    "README.md",
    "SECURITY.md",
    "CONTRIBUTING.md",
    "ARCHITECTURE.md",
    "docs/README.md",
    benchmark,
  ])
    assert.ok(pages.includes(page), page);
  assert.ok(pages.length >= 55, `${pages.length} pages`);
});

/** Names that begin a sentence in lower case, as their owners write them. */
const lowerNames = ["age", "gRPC", "k3s", "kube-apiserver", "moto", "podtrust"];

/** What stands first under a heading and goes on with the heading's words, as a sentence without its subject. */
function headless(page: string): readonly string[] {
  const firsts = [...page.matchAll(/^#{1,6} [^\n]*\n+([a-z][^\n]*)/gmu)].map(([, first = ""]) => first);
  return firsts.filter((first) => !lowerNames.some((name) => first.startsWith(`${name} `)));
}

test("no heading is the subject of the sentence below it", () => {
  assert.deepEqual(headless("## Delete it\nstays a while.\n\n# B\n\nof it.\n\n## C\nmoto does. \n"), [
    "stays a while.",
    "of it.",
  ]);
  const found = pages.flatMap((page) => headless(readFileSync(page, "utf8")).map((one) => `${page}: ${one}`));
  assert.deepEqual(found, []);
});

test("the programs that applied an export stand on the page of status alone, and other pages lead there", () => {
  const page = "docs/explanation/status.md";
  assert.ok(readFileSync(page, "utf8").includes("\n## Exports\n"));
  for (const other of pages.filter((one) => one !== page)) {
    const text = readFileSync(other, "utf8");
    assert.doesNotMatch(text, /\b(?:No|our) [\w ]+ (?:has applied|applies) (?:it|them|an export)/u, other);
    if (/^## (?:As|In) OpenTofu$/mu.test(text)) assert.ok(text.includes("status.md#exports"), other);
  }
});

test("the pages say default, which is what a reader searches for", () => {
  const found = pages.filter((page) => /\bunless\s+told\b/u.test(readFileSync(page, "utf8")));
  assert.deepEqual(found, []);
});
