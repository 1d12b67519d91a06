import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { withPolicy } from "../../site/build/html.ts";
import { sideBars } from "../../site/build/side-bar.ts";
import { sitePage, sitePages, textOf } from "../../site/build/source.ts";

const pages = sitePages();
const redirects = JSON.parse(readFileSync("site/redirects.json", "utf8")) as Record<string, string>;

describe("the pages of the documentation site", () => {
  test("are all in a side bar, each once", () => {
    const links = Object.values(sideBars()).flatMap((sections) =>
      sections.flatMap(({ items }) => items.map(({ link }) => `${link.slice(1)}.md`)),
    );
    const all = [...pages.values()].filter((page) => page !== "index.md");
    assert.ok(all.length > 70);
    assert.deepEqual(links.toSorted(), all.toSorted());
  });

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
