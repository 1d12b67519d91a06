import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { mapPage, trustMap } from "../../src/map/index.ts";
import { manyFacts } from "../map/worlds.ts";
import { type BrowserPage, browserMissing, openBrowser } from "../support/chromium.ts";
import { type Frames, type LongestTask, mapFigures, renderMapPage } from "./map-page.ts";
import type { PlottedPage } from "./plot.ts";
import { measuredNow } from "./process.ts";

const bindings = 1000;

/** What a piece of work gives, and the processor time that it takes. */
function timed<T>(work: () => T): { readonly value: T; readonly ms: number } {
  const start = process.cpuUsage();
  const value = work();
  const { user, system } = process.cpuUsage(start);
  return { value, ms: (user + system) / 1000 };
}

const firstPaint = `new Promise((resolve) => {
  new PerformanceObserver((list) => {
    const paint = list.getEntries().find(({ name }) => name === "first-contentful-paint");
    if (paint) resolve(paint.startTime);
  }).observe({ type: "paint", buffered: true });
})`;

/** In the page: its frames while steps are taken, each begun once the one before is done. */
const framesWhile = (steps: string): string => `(async () => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const shown = document.getElementById("f-shown");
  let longest = 0;
  let running = true;
  const long = [];
  const count = (entries) => long.push(...entries.map(({ duration }) => duration));
  const observer = new PerformanceObserver((list) => count(list.getEntries()));
  observer.observe({ type: "long-animation-frame" });
  const watch = (async () => {
    let last = await frame();
    while (running) {
      const now = await frame();
      longest = Math.max(longest, now - last);
      last = now;
    }
  })();
  const until = async (text) => { while (!text.test(shown.textContent)) await frame(); };
  const put = (id, value) => {
    const field = document.getElementById(id);
    field.value = value;
    field.dispatchEvent(new Event("input"));
  };
  ${steps}
  running = false;
  await watch;
  // The browser tells of a frame once it is drawn.
  for (let at = 0; at < 3; at += 1) await frame();
  count(observer.takeRecords());
  observer.disconnect();
  return { longest, long };
})()`;

const filtering = framesWhile(`
  put("f-namespace", "team-7");
  await until(/^20 of/);
  put("f-namespace", "");
  await until(/^1000 of/);
  for (const letters of ["a", "ap", "app", "app-", "app-9", "app-99", "app-997"]) {
    put("f-role", letters);
    for (let at = 0; at < 6; at += 1) await frame();
  }
  await until(/^1 of/);
  put("f-role", "");
  await until(/^1000 of/);
  put("f-account", "100000000003");
  await until(/^100 of/);
  put("f-account", "");
  await until(/^1000 of/);
`);

const leftAlone = framesWhile("for (let at = 0; at < 120; at += 1) await frame();");

interface TraceEvent {
  readonly name: string;
  readonly tid: number;
  readonly pid: number;
  /** Microseconds by the wall, and of the thread's processor time. */
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** Runs something in the page: what it gives, and the longest task that the browser's tracing shows meanwhile. */
async function traced(
  page: BrowserPage,
  expression: string,
): Promise<{ readonly value: Frames; readonly task: LongestTask }> {
  const events: TraceEvent[] = [];
  page.listen("Tracing.dataCollected", ({ value }) => events.push(...(value as TraceEvent[])));
  const ended = new Promise<void>((resolve) => page.listen("Tracing.tracingComplete", () => resolve()));
  await page.call("Tracing.start", {
    traceConfig: { includedCategories: ["toplevel", "devtools.timeline"] },
  });
  const value = await page.evaluate<Frames>(expression);
  await page.call("Tracing.end");
  await ended;
  const main = events.find(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain");
  const tasks = events.filter(
    ({ tid, pid, name }) => tid === main?.tid && pid === main.pid && name.endsWith("RunTask"),
  );
  const longest = (times: readonly number[]): number => Math.max(0, ...times) / 1000;
  return {
    value,
    task: {
      wall: longest(tasks.map(({ dur = 0 }) => dur)),
      processor: longest(tasks.map(({ tdur = 0 }) => tdur)),
    },
  };
}

/** A page that is open and drawn, in a browser that has shown nothing before. */
async function opened(
  url: string,
): Promise<{ readonly page: BrowserPage; readonly paint: number; readonly browser: string }> {
  const page = await openBrowser();
  const { product } = await page.call("Browser.getVersion");
  await page.call("Emulation.setDeviceMetricsOverride", {
    width: 1200,
    height: 900,
    deviceScaleFactor: 1,
    mobile: false,
  });
  await page.open(url);
  const paint = await page.evaluate<number>(firstPaint);
  await page.evaluate(framesWhile("await until(/^1000 of/);"));
  return { page, paint, browser: String(product) };
}

/** The page of the trust map: docs/reference/benchmarks/map.md and its figures; `quick` in one round. */
export async function benchMap(quick: boolean): Promise<PlottedPage> {
  const missing = await browserMissing();
  if (missing !== undefined) throw new Error(missing);
  const measured = measuredNow();
  const rounds = quick ? 1 : 5;
  const facts = manyFacts(bindings);
  const judged = timed(() => trustMap(facts));
  const rendered = timed(() => mapPage(judged.value));
  const folder = await mkdtemp(join(tmpdir(), "podtrust-bench-map-"));
  const paint: number[] = [];
  const still: number[] = [];
  const frames: Frames[] = [];
  const tasks: LongestTask[] = [];
  let browser = "";
  try {
    const file = join(folder, "map.html");
    await writeFile(file, rendered.value);
    for (let round = 0; round < rounds; round += 1) {
      const open = await opened(pathToFileURL(file).href);
      ({ browser } = open);
      paint.push(open.paint);
      still.push((await open.page.evaluate<Frames>(leftAlone)).longest);
      const { value, task } = await traced(open.page, filtering);
      frames.push(value);
      tasks.push(task);
      await open.page.close();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  const results = {
    ...measured,
    browser,
    bindings,
    rounds,
    judge: judged.ms,
    render: rendered.ms,
    pageKiB: Buffer.byteLength(rendered.value) / 1024,
    paint,
    frames,
    tasks,
    still,
  };
  return { text: renderMapPage(results), figures: mapFigures(results) };
}
