/** README's moving picture in a real browser. */
import assert from "node:assert/strict";
import { resolve } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { defined } from "../../src/core/base/index.ts";
import { pictureFile } from "../../tools/cast.ts";
import { type BrowserPage, browserMissing, openBrowser } from "../support/chromium.ts";

const missing = await browserMissing();
if (missing !== undefined && process.env["CI"] === "true") throw new Error(missing);
if (missing !== undefined) console.log(`left out: the demo's picture in a real browser: ${missing}`);
const options = defined({ skip: missing });

let page: BrowserPage;
before(async () => {
  if (missing === undefined) page = await openBrowser();
});
after(async () => page?.close());

/** Opens the picture for a user with this preference for motion. */
async function open(motion: "reduce" | "no-preference"): Promise<void> {
  await page.call("Emulation.setEmulatedMedia", {
    features: [{ name: "prefers-reduced-motion", value: motion }],
  });
  await page.open(pathToFileURL(resolve(pictureFile)).href);
}

/** The texts of the lines that are seen now, in their order. */
const seen = `[...document.querySelectorAll("text")].filter((line) => {
  const ground = document.querySelector("rect").getBoundingClientRect();
  const { top, bottom } = line.getBoundingClientRect();
  const shown = getComputedStyle(line).visibility === "visible" && line.textContent.trim() !== "";
  return shown && top >= ground.top - 1 && bottom <= ground.bottom + 1;
}).map((line) => line.textContent)`;

/** Puts every animation at a moment, or behind its end. */
const at = (seconds: number): string =>
  `document.getAnimations().forEach((one) => { one.pause(); one.currentTime = ${seconds * 1000}; })`;

function assertLastScreen(lines: readonly string[]): void {
  assert.ok(lines.some((line) => line.startsWith("One workload got credentials, 6 attempts were denied")));
  assert.ok(lines.length > 15 && !lines.includes("$ npm run demo"), lines.join("\n"));
}

test(
  "the picture stands still on the last screen for those who want no motion, and nothing is asked for",
  options,
  async () => {
    await open("reduce");
    assert.equal(await page.evaluate("document.getAnimations().length"), 0);
    assertLastScreen(await page.evaluate<string[]>(seen));
    assert.deepEqual(page.complaints, []);
    for (const url of page.requests) assert.match(url, /^(?:file|about):/u);
  },
);

test("the picture begins with the command and ends on the same last screen", options, async () => {
  await open("no-preference");
  assert.ok((await page.evaluate<number>("document.getAnimations().length")) > 50);
  await page.evaluate(at(0.05));
  assert.deepEqual(await page.evaluate<string[]>(seen), ["$ npm run demo"]);
  await page.evaluate(at(60));
  const end = await page.evaluate<string[]>(seen);
  assertLastScreen(end);
  await open("reduce");
  assert.deepEqual(await page.evaluate<string[]>(seen), end);
  assert.deepEqual(page.complaints, []);
});

test("no line of the picture is wider than its ground", options, async () => {
  await open("reduce");
  const wide = await page.evaluate<string[]>(`[...document.querySelectorAll("text")].filter((line) =>
    line.getBoundingClientRect().right > document.querySelector("rect").getBoundingClientRect().right
  ).map((line) => line.textContent)`);
  assert.deepEqual(wide, []);
});
