import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";

const pages = [
  ...globSync("*.md"),
  ...globSync("docs/**/*.md"),
  ...globSync("test/**/README.md"),
  ...globSync("deploy/**/*.md"),
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

function links(page: string): string[] {
  const text = readFileSync(page, "utf8").replaceAll(/```[\s\S]*?```/gu, "");
  return [...text.matchAll(/\]\(([^)\s]+)\)/gu)].map((match) => match[1] ?? "");
}

test("the check of links finds pages to check", () => assert.ok(pages.length >= 10, `${pages.length} pages`));

for (const page of pages) {
  test(`every link of ${page} leads somewhere in this repository`, () => {
    const broken = links(page).filter((link) => {
      if (/^(?:https?|mailto):/u.test(link)) return false;
      const [file = "", anchor] = link.split("#");
      const target = file === "" ? page : join(dirname(page), decodeURIComponent(file));
      if (!existsSync(target)) return true;
      return anchor !== undefined && target.endsWith(".md") && !anchors(target).has(anchor);
    });
    assert.deepEqual(broken, []);
  });
}

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

test("each promise of SECURITY.md names a test that exists", () => {
  const table = readFileSync("SECURITY.md", "utf8").split("## Promises")[1]?.split("\n## ")[0] ?? "";
  const rows = table
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| promise") && !line.startsWith("| ---"));
  assert.ok(rows.length >= 10, `only ${rows.length} promises`);
  for (const row of rows) {
    const tests = [...row.matchAll(/\]\(((?:test|src)\/[^)\s]+)\)/gu)].map((match) => match[1] ?? "");
    assert.ok(tests.length > 0, `no test beside: ${row}`);
    for (const file of tests) assert.ok(existsSync(file), `${file} does not exist: ${row}`);
  }
});
