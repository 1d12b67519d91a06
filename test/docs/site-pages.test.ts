import assert from "node:assert/strict";
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { withPolicy } from "../../site/build/html.ts";
import { type SideBarItem, sideBars } from "../../site/build/side-bar.ts";
import { sitePage, sitePages, textOf } from "../../site/build/source.ts";
import { links } from "../../src/core/base/index.ts";

const pages = sitePages();
const redirects = JSON.parse(readFileSync("site/redirects.json", "utf8")) as Record<string, string>;

/** The items of a side bar that are pages, however deep, by the names of the groups around them. */
function linksOf(
  items: readonly SideBarItem[],
  above: readonly string[] = [],
): (readonly [string, string])[] {
  return items.flatMap(({ text, link, items: within = [] }) => [
    ...(link === undefined ? [] : [[link, above.join(" / ")] as const]),
    ...linksOf(within, [...above, text]),
  ]);
}

/** What the error is of a project's side bar, where files of docs/ were written anew or added. */
function refusal(changed: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "podtrust-side-bar-"));
  try {
    for (const source of pages.keys()) {
      mkdirSync(dirname(join(folder, source)), { recursive: true });
      cpSync(source, join(folder, source));
    }
    sideBars(folder);
    for (const [file, text] of Object.entries(changed)) {
      mkdirSync(dirname(join(folder, "docs", file)), { recursive: true });
      writeFileSync(join(folder, "docs", file), text);
    }
    sideBars(folder);
    return "";
  } catch (error) {
    return String(error);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("the side bar", () => {
  const { "/adr/": decisions = [], "/": bar = [] } = sideBars();
  const index = textOf("docs/README.md");
  const causes = textOf("docs/reference/causes.md");

  test("has every file of docs/ once, and of the others those that are listed here", () => {
    const files = globSync("docs/*/**/*.md").map((file) => file.replace(/^docs(.*)\.md$/u, "$1"));
    const others = ["commands", "check", "security", "architecture", "contributing", "changelog"];
    const found = linksOf([...decisions, ...bar]).map(([link]) => link);
    assert.ok(files.length > 250);
    assert.deepEqual(found.toSorted(), [...files, ...others.map((page) => `/${page}`)].toSorted());
  });

  test("has a page in the section of its folder, and in Project the project's own alone", () => {
    const titles: Readonly<Record<string, string>> = {
      Tutorials: "tutorial",
      "How-to guides": "how-to",
      Explanation: "explanation",
      Reference: "reference",
    };
    const misplaced = linksOf(bar).filter(([link, groups]) => {
      const [title = ""] = groups.split(" / ");
      return link.lastIndexOf("/") > 0 && link.split("/")[1] !== titles[title];
    });
    assert.deepEqual(misplaced, []);
    assert.deepEqual(
      linksOf(bar).flatMap(([link, groups]) => (groups.startsWith("Project") ? [link] : [])),
      ["/security", "/architecture", "/contributing", "/changelog"],
    );
  });

  test("folds the causes by the link of the chain, in no group of more than two dozen pages", () => {
    const groups = new Map<string, number>();
    for (const [, group] of linksOf(bar)) groups.set(group, (groups.get(group) ?? 0) + 1);
    assert.deepEqual(
      [...groups].filter(([, size]) => size > 24),
      [],
    );
    assert.deepEqual(
      [...groups.keys()].filter((group) => group.includes("Causes")),
      links.map((link) => `Reference / Causes that doctor names / ${link}`),
    );
  });

  for (const [what, changed, named] of [
    ["a folder without a section", { "doctor/New.md": "# New\n" }, "doctor/New.md"],
    ["a folder within a section's", { "tutorial/deep/new.md": "# New\n" }, "tutorial/deep/new.md"],
    ["a page that docs/README.md does not name", { "how-to/new.md": "# New\n" }, "how-to/new.md"],
    [
      "a page that docs/README.md names under another section",
      {
        "how-to/new.md": "# New\n",
        "README.md": index.replace("## Reference\n", "## Reference\n- [New](how-to/new.md)\n"),
      },
      "how-to/new.md",
    ],
    [
      "a section that docs/README.md has no more",
      { "README.md": index.replace("## Explanation", "## More") },
      "explanation/chain.md",
    ],
    [
      "a page that docs/README.md names twice",
      { "README.md": index.replace("### The machine\n", "### The machine\n- [AWS](how-to/aws.md)\n") },
      "how-to/aws.md twice",
    ],
    [
      "a cause that the page of causes does not name",
      { "reference/causes.md": causes.replace("(causes/NoTls.md)", "(causes/TlsFailed.md)") },
      "reference/causes/NoTls.md",
    ],
  ] as const)
    test(`is refused with ${what}`, () => {
      assert.match(refusal(changed), new RegExp(`side bar has docs/${named}`, "u"));
    });
});

describe("the pages of the documentation site", () => {
  test("link to one another, and have of sources and tests the words alone", () => {
    assert.match(textOf("SECURITY.md"), /\]\(test\//u);
    for (const source of pages.keys()) {
      const [linked] =
        /\]\((?:\.\.\/)*(?:src|test|deploy|clients)\/[^)]*\)/u.exec(sitePage(source, pages)) ?? [];
      assert.equal(linked, undefined, source);
    }
    assert.match(sitePage("SECURITY.md", pages), /\]\(reference\/benchmarks\/hostile\.md\)/u);
    assert.match(sitePage("docs/README.md", pages), /\]\(how-to\/aws\.md\)/u);
  });

  test("are led to by the home page: with a cluster, without one, and for tests", () => {
    const home = readFileSync("site/pages/index.md", "utf8");
    const ways = [...home.matchAll(/^ +link: \/(\S+)$/gmu)].map(([, way]) => `${way}.md`);
    const all = [...pages.values()];
    for (const way of ["tutorial/first-session.md", "tutorial/from-nothing.md", "how-to/sandbox.md"]) {
      assert.ok(ways.includes(way), way);
      assert.ok(all.includes(way), `${way} is no page: ${all.slice(0, 3).join()}`);
    }
  });

  test("keep a dead link, on which the build fails", () => {
    const without = new Map([...pages].filter(([source]) => source !== "docs/how-to/explain.md"));
    assert.match(sitePage("docs/how-to/check.md", without), /\]\(explain\.md/u);
  });

  test("stand at every place to which an old address leads", () => {
    const there = new Set(pages.values());
    for (const [from, to] of Object.entries(redirects)) {
      assert.ok(there.has(`${to}.md`), to);
      assert.ok(!existsSync(`docs/${from}.md`), `docs/${from}.md is there again, and is redirected`);
    }
  });

  test("may load their own scripts by hash, and connect to nobody", () => {
    const html = withPolicy('<html><head><script>let a</script><script src="/b.js"></script></head></html>');
    const [, policy = ""] = /content="([^"]*)"/u.exec(html) ?? [];
    assert.match(policy, /^default-src 'none'; script-src 'self' 'sha256-[A-Za-z0-9+/]{43}='; /u);
    assert.match(policy, /; connect-src 'none'; /u);
  });
});
