import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { commandFigures } from "../bench/commands-page.ts";
import { type Figures, plotSvg } from "../bench/plot.ts";

const pages = globSync("docs/reference/benchmarks/*.md");
const plotOf = (page: string): string =>
  page.replace("docs/reference/benchmarks/", "docs/images/benchmarks/").replace(/md$/u, "svg");

describe("the plots of benchmarks", () => {
  test("are drawn from the figures that the bench wrote, and a page that has none has no plot", () => {
    assert.ok(pages.length >= 6);
    for (const page of pages) {
      const json = page.replace(/md$/u, "json");
      const shown = readFileSync(page, "utf8").includes(plotOf(page).replace("docs/", "../../"));
      assert.deepEqual([shown, existsSync(plotOf(page))], [existsSync(json), existsSync(json)], page);
      if (!existsSync(json)) continue;
      const figures = JSON.parse(readFileSync(json, "utf8")) as Figures;
      assert.equal(readFileSync(plotOf(page), "utf8"), plotSvg(figures), page);
    }
  });

  test("say axis, unit, day, machine, and of each bar the median and its spread", () => {
    const rows = [
      { command: "podtrust --help", what: "the start", times: [95, 108, 147], aimMs: 150 },
      { command: "podtrust up", what: "all", times: [11_900, 12_000, 12_500], aimMs: 15_000 },
    ];
    const measured = { when: "2026-11-26", machine: "2 × a processor", hasExecutable: false };
    const svg = plotSvg(commandFigures({ ...measured, rows }));
    assert.match(svg, />Time from start to end, ms, logarithmic: 10\^1 to 10\^5</u);
    assert.match(svg, />measured 2026-11-26</u);
    assert.match(
      svg,
      /<desc id="description">.*on 2 × a processor: --help: the start 108 ms, up: all 12000 ms\./u,
    );
    assert.match(svg, />108 ms \(95 to 147\)</u);
    assert.match(svg, />12000 ms \(11900 to 12500\)</u);
  });
});
