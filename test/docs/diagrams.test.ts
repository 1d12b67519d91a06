import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { links } from "../../src/core/base/index.ts";
import { diagrams } from "../../tools/diagrams.ts";
import { readDiagram } from "../../tools/docs/diagrams/source.ts";
import { widthOf } from "../../tools/docs/diagrams/svg.ts";

const texts = (svg: string): readonly string[] =>
  [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/gu)].map(([, text = ""]) => text);

describe("the diagrams of docs/images/diagrams/", () => {
  test("are five, and on disk they are what their texts say (npm run docs:diagrams)", () => {
    assert.equal(diagrams().size, 5);
    for (const [file, svg] of diagrams()) assert.equal(readFileSync(file, "utf8"), svg, file);
  });

  for (const [file, svg] of diagrams()) {
    test(`${file} has title and description, real text, both schemes, and fits 360 px`, () => {
      assert.match(svg, /<title id="title">.{10,}<\/title>\n<desc id="description">.{40,}<\/desc>/u);
      assert.match(svg, /viewBox="0 0 360 \d+"/u);
      assert.match(svg, /prefers-color-scheme:dark/u);
      assert.ok(texts(svg).length > 8);
      for (const text of texts(svg)) assert.ok(widthOf(text) <= 336, text);
    });
  }

  test("name the links of the chain as the code does, in its order", () => {
    const { steps } = readDiagram(readFileSync("tools/docs/diagrams/chain.txt", "utf8"));
    assert.deepEqual(
      steps.flatMap((step) => (step.kind === "box" ? [step.name] : [])),
      links,
    );
  });

  test("are each on a page", () => {
    const pages = [
      "docs/explanation/chain.md",
      "docs/how-to/rotate.md",
      "docs/how-to/injection.md",
      "docs/tutorial/from-nothing.md",
      "docs/how-to/grants.md",
    ].map((page) => readFileSync(page, "utf8"));
    for (const file of diagrams().keys()) {
      const name = file.slice("docs".length);
      assert.ok(
        pages.some((page) => page.includes(`](..${name})`)),
        file,
      );
    }
  });

  test("refuse a line that is no step", () => {
    assert.throws(() => readDiagram("title\ndescription\n-> x"), /and not -> x/u);
  });
});
