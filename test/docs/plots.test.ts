import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { widthOf } from "../../tools/docs/diagrams/svg.ts";
import { commandFigures } from "../bench/commands-page.ts";
import { doctorFigures, renderDoctorPage } from "../bench/doctor-page.ts";
import {
  bootSectionOf,
  fromNothingFigures,
  renderBootSection,
  renderFromNothingPage,
} from "../bench/from-nothing-page.ts";
import { hostileFigures, renderHostilePage } from "../bench/hostile-page.ts";
import { mapFigures, renderMapPage } from "../bench/map-page.ts";
import { admissionFigures, renderAdmissionPage } from "../bench/operator/admission-page.ts";
import { operatorFigures, renderOperatorPage } from "../bench/operator/page.ts";
import { publisherFigures, renderPage } from "../bench/page.ts";
import { renderSandboxPage, sandboxFigures } from "../bench/sandbox-page.ts";
import { type Figures, plotSvg } from "../bench/plot.ts";
import { renderSignerPage, signerFigures } from "../bench/signer-page.ts";

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

  const measured = { when: "2026-11-28", machine: "2 × a processor" };
  const shows = (text: string, part: string): boolean =>
    text.includes(`](../../images/benchmarks/${part}.svg)`);

  test("of the publisher have both servers' rounds for each load, and of one load the spread of its rounds", () => {
    const outcome = { perSecond: 3000, cpuMicros: 20, peakMiB: 90 };
    const load = { name: "HTTP/2", flags: [], requests: 1 };
    const perSecond = { podtrust: [3000, 2000, 2500], nginx: [9000] };
    const row = { load, command: "h2load", podtrust: outcome, nginx: outcome, perSecond };
    const results = {
      ...measured,
      versions: [],
      rounds: 3,
      rows: [row],
      p99: [],
      idleMiB: { podtrust: 70, nginx: 5 },
      peakMiB: 90,
      small: { flag: "--max-semi-space-size=2", idleMiB: 60, peakMiB: 80 },
      visibleMs: 10,
    };
    const figures = publisherFigures(results);
    assert.deepEqual(figures.bars, [
      { name: "podtrust: HTTP/2", least: 2000, median: 2500, most: 3000 },
      { name: "nginx: HTTP/2", least: 9000, median: 9000, most: 9000 },
    ]);
    assert.match(plotSvg(figures), />2500 a second \(2000 to 3000\)</u);
    assert.ok(shows(renderPage(results), "publisher"));
  });

  test("of the sandbox have both servers' exchanges by connections, under ten milliseconds with a tenth", () => {
    const outcome = {
      perSecond: 900,
      least: 0.4,
      p50: 1.1,
      p99: 5,
      slowest: 40,
      slow: 0,
      failed: 0,
      cpuMicros: 900,
      residentMiB: 90,
    };
    const server = {
      firstMs: 300,
      restMiB: 80,
      grown: [80, 81],
      rows: [{ connections: 64, mode: "kept", outcome }],
    } as const;
    const results = { ...measured, exchanges: 15_000, podtrust: server, moto: server, motoVersion: "5.2.5" };
    const svg = plotSvg(sandboxFigures(results));
    assert.match(svg, />podtrust: 64 at once, connections kept</u);
    assert.match(svg, />moto: 64 at once, connections kept</u);
    assert.match(svg, />1\.1 ms \(0\.4 to 40\)</u);
    assert.ok(shows(renderSandboxPage(results), "sandbox"));
  });

  test("of attacks have what good clients waited under each, but for one that nobody answered", () => {
    const outcome = {
      alive: true,
      clients: 3,
      failures: [],
      memory: { before: 80, peak: 90, after: 80 },
      done: {},
    };
    const results = {
      ...measured,
      seconds: 4,
      timeoutSeconds: 5,
      rest: 1,
      ofPods: [],
      rows: [
        { name: "floods", from: "others", outcome: { ...outcome, times: [5, 12, 30] } },
        { name: "silence", from: "others", outcome: { ...outcome, times: [] } },
      ],
    };
    const { bars } = hostileFigures(results);
    assert.deepEqual(bars, [{ name: "floods, from others", least: 5, median: 12, most: 30 }]);
    assert.ok(shows(renderHostilePage(results), "hostile"));
  });

  test("of the way from nothing have each command's runs, and a page keeps what of a booting machine it had", () => {
    const calls = { hetzner: 40, cloudflare: 15 };
    const rows = [{ what: "up", wall: [1.4, 1.2, 1.9], processor: [0.5, 0.4, 0.6], calls, aimSeconds: 15 }];
    assert.deepEqual(fromNothingFigures({ ...measured, rows }).bars, [
      { name: "up", least: 1200, median: 1400, most: 1900 },
    ]);
    const waits = [["a login", 120]] as const;
    const boot = renderBootSection(measured, [{ what: "up", wall: 329, processor: 4.3, waits }]);
    const page = renderFromNothingPage({ ...measured, rows, boot });
    assert.ok(shows(page, "from-nothing"));
    assert.match(
      page,
      /\| up \| \*\*1\.4 s\*\* \| 1\.2 s \| 1\.9 s \| 0\.5 s \| 40 \| 15 \| under 15 s: reached \|/u,
    );
    assert.equal(bootSectionOf(page), boot);
    assert.match(boot, /\| … until a login \| 120 s \| \|/u);
    assert.equal(bootSectionOf(renderFromNothingPage({ ...measured, rows, boot: "" })), "");
  });

  test("of the operator have its starts, and the spread from a binding's making to Ready", () => {
    const starts = [1600, 1500, 1900].map((fromListening) => ({ fromStart: 2100, fromListening, cpu: 2 }));
    const resident = { now: 110, most: 120, file: 60, own: 50 };
    const results = {
      ...measured,
      cores: 2,
      size: { namespaces: 200, accounts: 10_000, annotated: 2000, pods: 5000, bindings: 1000 },
      starts,
      synced: resident,
      bindings: resident,
      bound: {
        making: 4000,
        least: 9000,
        p50: 12_900,
        p99: 14_200,
        most: 14_300,
        calls: {},
        cpu: { operator: 10, apiServer: 17, etcd: 2, sandbox: 3, client: 1 },
      },
      quiet: { minutes: 3, iamCalls: 0.48, calls: {} },
    };
    assert.deepEqual(operatorFigures(results).bars, [
      { name: "first sync: from the first answer to all seen", least: 1500, median: 1600, most: 1900 },
      { name: "from making to Ready: 1,000 bindings at once", least: 9000, median: 12_900, most: 14_300 },
    ]);
    assert.ok(shows(renderOperatorPage(results), "operator"));
  });

  test("of admission have what a small pod took by each way", () => {
    const figures = [{ times: [5, 4.2, 30], processor: 4 }];
    const parties = [{ what: "`--mode configmap`, aws", ratios: [2, 6, 5, 3] }];
    const values = [{ what: "an annotation", ratios: [1.3, 1] }];
    const lists = [{ what: "a full list", ratios: [1.4, 1] }];
    const rows = [{ what: "`operator run`", figures }];
    const results = { ...measured, rounds: 100, rows, hostile: { parties, values, lists } };
    assert.deepEqual(admissionFigures(results).bars, [
      { name: "operator run", least: 4.2, median: 5, most: 30 },
    ]);
    const page = renderAdmissionPage(results);
    assert.ok(shows(page, "admission"));
    assert.match(page, /At most 6 times: 6\.0 ×: reached/u);
    assert.match(page, /With a full list it is 1\.4 ×, 1\.0 ×/u);
    assert.match(page, /At most 1\.2 times: 1\.3 ×: \*\*missed\*\*/u);
  });

  test("of doctor have the runs on each issuer and stack, as the page has their median", () => {
    const runs = (...times: readonly number[]) => times.map((ms) => ({ ms, findings: [] }));
    const results = {
      ...measured,
      issuers: [{ name: "healthy", runs: runs(400, 200, 300, 900), aimSeconds: 20 }],
      stacks: [{ name: "silent", runs: runs(31_000), aimSeconds: 40 }],
    };
    assert.deepEqual(doctorFigures(results).bars, [
      { name: "issuer: healthy", least: 200, median: 300, most: 900 },
      { name: "stack: silent", least: 31_000, median: 31_000, most: 31_000 },
    ]);
    const page = renderDoctorPage(results);
    assert.ok(shows(page, "doctor"));
    assert.match(page, /^\| healthy \| 4 \| 0\.3 \| 0\.9 \| 20: reached \| none \|$/mu);
  });

  test("of the map have each round's paint, tasks and frames, as the page has their median", () => {
    const results = {
      ...measured,
      browser: "Chrome/1",
      bindings: 1000,
      rounds: 2,
      judge: 800,
      render: 200,
      pageKiB: 1454,
      paint: [220, 208, 244],
      frames: [{ longest: 33, long: [] }],
      tasks: [{ wall: 60, processor: 28 }],
      still: [17],
    };
    const { bars } = mapFigures(results);
    assert.deepEqual(bars[0], { name: "first contentful paint", least: 208, median: 220, most: 244 });
    assert.deepEqual(
      bars.map(({ median }) => median),
      [220, 60, 28, 33, 17],
    );
    const page = renderMapPage(results);
    assert.ok(shows(page, "map"));
    assert.match(page, /^\| first contentful paint \| 220 ms \| 244 ms \| under 1000 ms: reached \|$/mu);
    assert.match(page, /by the wall \| 60 ms \| 60 ms \| under 50 ms: \*\*missed\*\* \|$/mu);
  });

  test("of the signer have a token's time at each API server, at a pace and in full, and a signature's", () => {
    const tokens = (paced: number, full: number) => ({
      paced: [paced, paced - 1, paced + 1],
      times: [full],
      processor: { server: 1, signer: 1, holder: 0 },
    });
    const memory = { resident: 78, own: 25 };
    const results = {
      ...measured,
      clients: 50,
      tokens: { inTree: tokens(7, 90), files: tokens(8, 114), softHsm: tokens(9, 180) },
      signs: { calls: 24_000, times: [22, 21, 55], memory: [memory, memory, memory], rate: 2124 },
      kms: { times: [308], rate: 158, memory },
    };
    const { bars } = signerFigures(results);
    assert.deepEqual(bars[1], {
      name: "a token, once a second: the signer, a file",
      least: 7,
      median: 8,
      most: 9,
    });
    assert.deepEqual(
      bars.map(({ median }) => median),
      [7, 8, 9, 90, 114, 180, 22, 308],
    );
    const page = renderSignerPage(results);
    assert.ok(shows(page, "signer"));
    assert.match(page, /^\| the signer, a file \| 8\.0 ms \| 8\.0 ms \| median within 3 ms/mu);
  });

  test("have no line of text that is wider than the picture, however long the name of a bar is", () => {
    const name = "the signer, with a key in PKCS #11 by SoftHSM, and every processor of the machine full";
    const figures = {
      title: "t",
      axis: "Time from start to end",
      unit: "ms",
      date: "2026-11-28",
      machine: "m",
    };
    const svg = plotSvg({ ...figures, bars: [{ name, least: 10, median: 20, most: 99 }] });
    const texts = [...svg.matchAll(/<text( class="name")?[^>]*>([^<]+)<\/text>/gu)];
    assert.ok(texts.length >= 5, svg);
    // A bold letter takes a seventh more.
    for (const [, bold, line = ""] of texts)
      assert.ok(widthOf(line) * (bold === undefined ? 1 : 1.15) <= 336, line);
    const lines = texts.map(([, , line]) => line);
    assert.ok(lines.join(" ").includes(name), svg);
  });

  test("say axis, unit, day, machine, and of each bar the median and its spread", () => {
    const rows = [
      { command: "podtrust --help", what: "the start", times: [95, 108, 147], aimMs: 150 },
      { command: "podtrust up", what: "all", times: [11_900, 12_000, 12_500], aimMs: 15_000 },
    ];
    const of = { when: "2026-11-26", machine: "2 × a processor", hasExecutable: false };
    const svg = plotSvg(commandFigures({ ...of, rows }));
    assert.match(svg, />Time from start to end, ms, logarithmic:<\/text>\n<text[^>]*>10\^1 to 10\^5</u);
    assert.match(svg, />measured 2026-11-26</u);
    assert.match(
      svg,
      /<desc id="description">.*on 2 × a processor: --help: the start 108 ms, up: all 12000 ms\./u,
    );
    assert.match(svg, />108 ms \(95 to 147\)</u);
    assert.match(svg, />12000 ms \(11900 to 12500\)</u);
  });
});
