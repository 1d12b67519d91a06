/**
 * Plain English in every page that is written by hand: short sentences, so that one has one thought. A cell of a table
 * and an item of a list are sentences too. Code, decisions (docs/adr/), CHANGELOG and what programs write are left out; the
 * benchmarks are looked at, since their sentences are written by hand in test/bench/.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { type GeneratedPage, generatedPages } from "../../tools/docs.ts";
import { ninetiethPercentile, sentencesOf } from "./sentences.ts";

/** In words. */
const limits = { ninetiethPercentile: 25, longest: 40 };

const generated = new Set((await generatedPages()).map(({ path }: GeneratedPage) => path));
const pages = execFileSync("git", ["ls-files", "*.md"], { encoding: "utf8" })
  .trim()
  .split("\n")
  .filter((page) => !generated.has(page) && !/(?:^|\/)CHANGELOG\.md$|^docs\/adr\//u.test(page));

describe("sentences", () => {
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

  for (const page of pages) {
    test(`${page} has nine of ten sentences of at most ${limits.ninetiethPercentile} words, and none of more than ${limits.longest}`, () => {
      const sentences = sentencesOf(readFileSync(page, "utf8"));
      const long = sentences
        .filter(({ words }) => words > limits.ninetiethPercentile)
        .map(({ line, words, text }) => `${page}:${line}: ${words} words: ${text}`);
      const longest = Math.max(...sentences.map(({ words }) => words));
      const report = `shorten some of these:\n${long.join("\n")}`;
      assert.ok(ninetiethPercentile(sentences) <= limits.ninetiethPercentile, report);
      assert.ok(longest <= limits.longest, report);
    });
  }

  const textsOf = (page: string): readonly string[] => sentencesOf(page).map(({ text }) => text);

  test("end at a mark before what no sentence goes on with, wherever lines are broken", () => {
    assert.deepEqual(textsOf("One goes\non. Two (see 1.36) ends? `three` begins.\n"), [
      "One goes on.",
      "Two (see 1.36) ends?",
      "Code begins.",
    ]);
    assert.deepEqual(textsOf("It stays, e.g. here."), ["It stays, e.g. here."]);
    assert.deepEqual(textsOf("**Real.** It runs (once.) Then it ends."), [
      "Real.",
      "It runs (once.)",
      "Then it ends.",
    ]);
  });

  test("are headings, items and cells as well, each by itself", () => {
    const page =
      "# Title\n\n- one\n  goes on\n- two\n\n1. three\n\n| a | b `x|y` |\n| --- | :-: |\n| c. D | |\n";
    assert.deepEqual(textsOf(page), ["Title", "one goes on", "two", "three", "a", "b Code", "c.", "D"]);
  });

  test("are the values of a site's front matter too, without their keys", () => {
    const page = "---\nlayout: home\nhero:\n  - text: One thing. Another.\n---\nThen text.\n";
    assert.deepEqual(textsOf(page), ["home", "One thing.", "Another.", "Then text."]);
  });

  test("have no code of blocks, no address of a link and no comment in them", () => {
    const page =
      "<!-- not\nthis -->\nSee [the page](https://example.com/a_b c).\n```sh\nnot this\n```\n![a picture](x.svg)\n";
    assert.deepEqual(textsOf(page), ["See the page.", "a picture"]);
  });

  test("are counted in words, a piece of code as one, and placed by the line of their paragraph", () => {
    assert.deepEqual(sentencesOf("\nUse `podtrust plan --check` – it\nexits 3.\n"), [
      { line: 2, text: "Use Code – it exits 3.", words: 5 },
    ]);
  });

  test("are too long where more than one of ten has more words than the limit", () => {
    const of = (...words: readonly number[]) => words.map((count) => ({ line: 1, text: "", words: count }));
    assert.equal(ninetiethPercentile(of(...Array<number>(9).fill(5), 30)), 5);
    assert.equal(ninetiethPercentile(of(...Array<number>(8).fill(5), 30, 31)), 30);
  });
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
