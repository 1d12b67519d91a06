import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { filesOfGroup, groups } from "../../tools/test/groups.ts";
import { packedPages, sandboxFolder } from "../../tools/package/sandbox.ts";

const pages = [
  ...globSync("*.md"),
  ...globSync("docs/**/*.md"),
  ...globSync("test/**/README.md"),
  ...globSync("deploy/**/*.md"),
  ...globSync("{clients,packages}/*/*.md"),
];

/** The anchor that a heading gets on the usual hosts: lower case, punctuation gone, spaces to hyphens. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[`*_]|\[|\]\([^)]*\)/gu, "")
    .replaceAll(/[^\p{L}\p{N}\s-]/gu, "")
    .trim()
    .replaceAll(/\s/gu, "-");
}

function anchors(page: string): Set<string> {
  const headings = readFileSync(page, "utf8").matchAll(/^#{1,6}\s+(.+)$/gmu);
  return new Set([...headings].map((match) => anchorOf(match[1] ?? "")));
}

/** Where a page's links lead: `[a](b.md "title")`, `[a]: b.md`, `<a href="b.md">`, `<img src="b.svg">`. */
const linkForms = [
  /\]\(\s*(?:<([^>\n]*)>|([^)\s]+))(?:\s+(?:"[^"]*"|'[^']*'|\([^()]*\)))?\s*\)/gu,
  /^ {0,3}\[[^\]\n]+\]:\s*(?:<([^>\n]*)>|(\S+))/gmu,
  /<\w+\s[^<>]*?\b(?:href|src|srcset)\s*=\s*(?:"([^"]*)"|'([^']*)')/gu,
];

/** Marks of definitions that a page refers to and does not have: `[x]` of `[a][x]`, and of `[x][]`. */
function undefinedMarks(prose: string): string[] {
  const defined = new Set(
    [...prose.matchAll(/^ {0,3}\[([^\]\n]+)\]:/gmu)].map(([, mark = ""]) => mark.toLowerCase()),
  );
  return [...prose.matchAll(/\[([^\][\n]+)\]\[([^\][\n]*)\]/gu)]
    .map(([, text = "", mark = ""]) => (mark === "" ? text : mark))
    .filter((mark) => !defined.has(mark.toLowerCase()))
    .map((mark) => `[${mark}]`);
}

const proseOf = (text: string): string => text.replaceAll(/```[\s\S]*?```/gu, "");

function links(text: string): string[] {
  return linkForms.flatMap((form) =>
    [...proseOf(text).matchAll(form)].map((match) => match[1] ?? match[2] ?? ""),
  );
}

/** The file of this repository that a package's tarball has at a path; undefined where it has none. */
function packedAs(folder: string, path: string): string | undefined {
  if (folder === sandboxFolder && packedPages().includes(path)) return path;
  const { files } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { files: string[] };
  return files.includes(path) && existsSync(join(folder, path)) ? join(folder, path) : undefined;
}

/** The file to which a link leads: of a page that is packed, within its tarball. */
function targetOf(page: string, file: string): string | undefined {
  const target = file === "" ? page : join(dirname(page), decodeURIComponent(file));
  const folder = /^packages\/[^/]+/u.exec(page)?.[0];
  if (folder !== undefined) return packedAs(folder, relative(folder, target));
  return existsSync(target) ? target : undefined;
}

/** The links of a page that lead nowhere. */
function broken(page: string, text = readFileSync(page, "utf8")): string[] {
  // What is written as code is no link.
  const marks = undefinedMarks(proseOf(text).replaceAll(/`[^`\n]*`/gu, ""));
  const lost = links(text).filter((link) => {
    if (/^(?:https?|mailto):/u.test(link)) return false;
    const [file = "", anchor] = link.split("#");
    const target = targetOf(page, file);
    if (target === undefined) return true;
    return anchor !== undefined && target.endsWith(".md") && !anchors(target).has(anchor);
  });
  return [...lost, ...marks];
}

test("the check of links finds pages to check", () => assert.ok(pages.length >= 10, `${pages.length} pages`));

for (const page of pages) {
  test(`every link of ${page} leads somewhere in ${page.startsWith("packages/") ? "its package" : "this repository"}`, () => {
    assert.deepEqual(broken(page), []);
  });
}

test("a link to what a package leaves behind is found, and so is one to an anchor that is not there", () => {
  const page = (...targets: readonly string[]): string => targets.map((one) => `[a](${one})`).join(" ");
  assert.ok(links(readFileSync(`${sandboxFolder}/README.md`, "utf8")).length >= 8);
  assert.deepEqual(
    broken(
      `${sandboxFolder}/README.md`,
      page(
        "docs/how-to/sandbox.md",
        "docs/how-to/sandbox.md#none",
        "docs/how-to/gcp.md",
        "../../README.md",
        "CHANGELOG.md",
        "none.md",
      ),
    ),
    ["docs/how-to/sandbox.md#none", "docs/how-to/gcp.md", "../../README.md", "none.md"],
  );
  assert.deepEqual(broken("packages/kms/README.md", page("CHANGELOG.md", "package-lock.json")), [
    "package-lock.json",
  ]);
  assert.deepEqual(broken("clients/python/README.md", page("../../README.md", "none.md")), ["none.md"]);
});

test("a broken link is found in every form that Markdown has", () => {
  const page = [
    'A [title](nowhere.md "its title"), [angles](<no where.md>) and [an anchor](#nothing "here").',
    "A [reference][x], [another][README], [a short one][] and [none][y].",
    "",
    "[x]: nowhere-else.md",
    "[README]: README.md 'podtrust'",
    "[a short one]: <CHANGELOG.md>",
    "",
    '<a class="b" href="lost.md">in HTML</a> and <img alt="" src=\'lost.svg\'>, <a href="LICENSE">found</a>.',
    "An array's `a[0][1]` is no link, and [this](README.md 'one') leads somewhere.",
  ].join("\n");
  assert.deepEqual(broken("README.md", page), [
    "nowhere.md",
    "no where.md",
    "#nothing",
    "nowhere-else.md",
    "lost.md",
    "lost.svg",
    "[y]",
  ]);
});

test("every page of docs/ that the code cites exists", () => {
  const files = globSync(["src/**/*.ts", "tools/**/*.ts", "test/**/*.ts"]);
  const cited = files.flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(/\bdocs\/(?:[\w-]+\/)*[\w-]+\.(?:md|json)\b/gu)].map(
      ([page]) => ({ file, page }),
    ),
  );
  assert.ok(cited.length >= 10, `${cited.length} citations`);
  assert.deepEqual(
    cited.filter(({ page }) => !existsSync(page)),
    [],
  );
});

/**
 * What a page calls a file or folder of ours, in backquotes and from `src/` or the repository's root, and is none: a path with a
 * slash that ends in one or in `.ts`. An address, a name of the API or a file of somebody else's language has another form.
 */
function absentPaths(markdown: string): readonly string[] {
  const named = markdown
    .replaceAll(/```[\s\S]*?```/gu, "")
    .matchAll(/`((?:[\w@.*{},-]+\/)+(?:[\w@.*{},-]+\.ts)?)`/gu);
  return [...named]
    .map(([, path = ""]) => path)
    .filter((path) => globSync([path, `src/${path}`]).length === 0);
}

const designPages = ["ARCHITECTURE.md", ...globSync("docs/adr/*.md")];

test("every file and folder that ARCHITECTURE.md and the ADRs name is there", () => {
  assert.ok(designPages.length >= 25, `${designPages.length} pages`);
  const absent = designPages.flatMap((page) =>
    absentPaths(readFileSync(page, "utf8")).map((path) => `${page}: ${path}`),
  );
  assert.deepEqual(absent, []);
});

test("every file of ours that CONTRIBUTING.md names is there", () => {
  const text = readFileSync("CONTRIBUTING.md", "utf8");
  assert.ok([...text.matchAll(/`src\/[\w/-]+\.ts`/gu)].length >= 30, "its walks name files");
  assert.deepEqual(
    absentPaths(text).filter((path) => path.endsWith(".ts")),
    [],
  );
});

test("a file or folder that has moved is found, and what only looks like one is not", () => {
  const page = [
    "`core/listener/` is there, `src/core/base/index.ts` and `tools/test.ts` too; `listener/` and `aws/former-trust.ts` are not.",
    "`core/base/*.ts` matches files, `core/lost/*.ts` none. `index.ts` and core/nowhere.ts name no path of ours.",
    "Others: `https://example.com/a/`, `/etc/podtrust/`, `apps/v1`, `plugin/cel/condition.go`, `shop/web`.",
    "```\nlost/in/a/block.ts `lost/`\n```",
  ].join("\n");
  assert.deepEqual(absentPaths(page), ["listener/", "aws/former-trust.ts", "core/lost/*.ts"]);
});

/** Test files that the gate runs, by the commands in it. */
function filesInGate(): ReadonlySet<string> {
  const named = [...readFileSync(".ci/run", "utf8").matchAll(/ test:(?<group>[a-z]+)\b/gu)];
  const names = ["unit", ...named.map((match) => match.groups?.["group"] ?? "")];
  return new Set(names.filter((name) => name in groups).flatMap(filesOfGroup));
}

test("each promise of SECURITY.md names a test that exists, and one at least that the gate runs", () => {
  const inGate = filesInGate();
  const table = readFileSync("SECURITY.md", "utf8").split("## Promises")[1]?.split("\n## ")[0] ?? "";
  const rows = table
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| promise") && !line.startsWith("| ---"));
  assert.ok(rows.length >= 10, `only ${rows.length} promises`);
  for (const row of rows) {
    const tests = [...row.matchAll(/\]\(((?:test|src)\/[^)\s]+)\)/gu)].map((match) => match[1] ?? "");
    assert.ok(tests.length > 0, `no test beside: ${row}`);
    for (const file of tests) assert.ok(existsSync(file), `${file} does not exist: ${row}`);
    assert.ok(
      tests.some((file) => inGate.has(file) || !file.endsWith(".test.ts")),
      `only the night runs a test of: ${row}`,
    );
  }
});
