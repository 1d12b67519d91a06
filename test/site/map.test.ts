import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { defined } from "../../src/core/base/index.ts";
import { mapPage, trustMap } from "../../src/map/index.ts";
import { manyFacts, smallFacts } from "../map/worlds.ts";
import { type BrowserPage, browserMissing, openBrowser } from "../support/chromium.ts";
import { until } from "../support/until.ts";

const axeFile = resolve("site/node_modules/axe-core/axe.min.js");
const noAxe = existsSync(axeFile)
  ? undefined
  : "axe-core is not installed (npm ci --ignore-scripts in site/)";
const missing = noAxe ?? (await browserMissing());
if (missing !== undefined && process.env["CI"] === "true") throw new Error(missing);
if (missing !== undefined) console.log(`left out: the trust map as axe-core sees it: ${missing}`);
const options = defined({ skip: missing });

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[];
}

let folder: string;
let page: BrowserPage;

before(async () => {
  if (missing !== undefined) return;
  folder = mkdtempSync(join(tmpdir(), "podtrust-map-"));
  page = await openBrowser();
});
after(async () => {
  await page?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true });
});

/** What axe-core finds on a map, of whatever weight: rule, element and why. */
async function barriers(text: string, width: number, scheme: string): Promise<readonly string[]> {
  const file = join(folder, "map.html");
  writeFileSync(file, text);
  await page.call("Emulation.setDeviceMetricsOverride", {
    width,
    height: 900,
    deviceScaleFactor: 1,
    mobile: false,
  });
  await page.call("Emulation.setEmulatedMedia", {
    features: [{ name: "prefers-color-scheme", value: scheme }],
  });
  await page.open(pathToFileURL(file).href);
  await until("the picture", () =>
    page.evaluate<boolean>("document.querySelector('#picture-drawn svg') !== null"),
  );
  await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true;");
  await page.evaluate(`${readFileSync(axeFile, "utf8")}; 0`);
  const found = await page.evaluate<Violation[]>(
    "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)",
  );
  return found.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id} ${node.target.join(" ")}: ${node.failureSummary}`),
  );
}

test(
  "axe-core finds nothing on the trust map, small or large, wide or narrow, light or dark",
  options,
  async () => {
    const [small, large] = [mapPage(trustMap(smallFacts())), mapPage(trustMap(manyFacts(60)))];
    for (const [text, width, scheme] of [
      [small, 1200, "light"],
      [small, 400, "dark"],
      [large, 1200, "dark"],
      [large, 400, "light"],
    ] as const)
      assert.deepEqual(await barriers(text, width, scheme), [], `${width} ${scheme}`);
  },
);
