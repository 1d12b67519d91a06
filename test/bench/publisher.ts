import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { defined } from "../../src/core/base/index.ts";
import { parseConnectTo, request } from "../../src/core/http/index.ts";
import { startStandInCluster } from "../../src/sandbox/index.ts";
import { testAuthority } from "../support/certificates.ts";
import { commandOf, type Load, measure, type Outcome, percentile99 } from "./h2load.ts";
import { publisherFigures, ratioOf, renderPage, type Row } from "./page.ts";
import { residentMiB } from "../support/publisher-process.ts";
import type { PlottedPage } from "./plot.ts";
import { type Measured, measuredNow, needed } from "./process.ts";
import { buildPackage, type Stage, startNginx, startMeasuredPublisher, versions } from "./servers.ts";
import { keyVisibility } from "./visibility.ts";

/** How long it is measured. */
interface Effort {
  readonly rounds: number;
  /** New keys that are waited for. */
  readonly newKeys: number;
  readonly loads: readonly { load: Load; aim?: number }[];
}

const loadsOf = (requests: number, repeat: number): Effort["loads"] => [
  { load: { name: "HTTP/1.1", flags: ["--h1", "-c64", "-m1"], requests }, aim: 0.56 },
  { load: { name: "HTTP/2", flags: ["-c64", "-m1"], requests }, aim: 0.47 },
  { load: { name: "HTTP/2, 10 streams", flags: ["-c64", "-m10"], requests } },
  {
    load: {
      name: "new connections, each with a request",
      flags: ["--h1", "-c200", "-m1"],
      requests: 200,
      repeat,
    },
    aim: 0.6,
  },
];

const full: Effort = { rounds: 7, newKeys: 5, loads: loadsOf(100_000, 25) };
const quick: Effort = { rounds: 1, newKeys: 1, loads: loadsOf(50_000, 5) };

const better = (a: Outcome, b: Outcome): Outcome => ({
  perSecond: Math.max(a.perSecond, b.perSecond),
  cpuMicros: Math.min(a.cpuMicros, b.cpuMicros),
  peakMiB: Math.max(a.peakMiB, b.peakMiB),
});

async function compare(
  load: Load,
  rounds: number,
  podtrust: Measured,
  nginx: Measured,
): Promise<Omit<Row, "aim">> {
  const [ours, theirs]: [Outcome[], Outcome[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    ours.push(await measure(load, podtrust));
    theirs.push(await measure(load, nginx));
  }
  const rates = (outcomes: readonly Outcome[]): readonly number[] =>
    outcomes.map(({ perSecond }) => perSecond);
  const command = commandOf(load, podtrust.port).join(" ").replace(String(podtrust.port), "PORT");
  return {
    load,
    command,
    podtrust: ours.reduce(better),
    nginx: theirs.reduce(better),
    perSecond: { podtrust: rates(ours), nginx: rates(theirs) },
  };
}

/** What V8's young generation may grow to, in MiB; 32 by default. */
const smallHeap = "--max-semi-space-size=2";

async function withSmallHeap(
  stage: Stage,
  loads: Effort["loads"],
): Promise<{ flag: string; idleMiB: number; peakMiB: number }> {
  const publisher = await startMeasuredPublisher(stage, [smallHeap]);
  try {
    await pause(5000);
    const idleMiB = (await residentMiB(publisher.pid)).now;
    const peaks: number[] = [];
    for (const { load } of loads) peaks.push((await measure(load, publisher)).peakMiB);
    return { flag: smallHeap, idleMiB, peakMiB: Math.max(...peaks) };
  } finally {
    await publisher.close();
  }
}

async function bench(stage: Stage, root: string, effort: Effort): Promise<PlottedPage> {
  const { rounds, newKeys, loads } = effort;
  const measured = measuredNow();
  const small = await withSmallHeap(stage, loads);
  const podtrust = await startMeasuredPublisher(stage);
  const ending: (() => Promise<void>)[] = [() => podtrust.close()];
  try {
    const connectTo = [parseConnectTo(`:443:127.0.0.1:${podtrust.port}`)];
    const jwks = await request(`${stage.issuer}/openid/v1/jwks`, { ca: root, connectTo });
    const nginx = await startNginx(stage.folder, jwks.body.toString());
    ending.push(() => nginx.close());
    await pause(5000);
    const idleMiB = {
      podtrust: (await residentMiB(podtrust.pid)).now,
      nginx: (await residentMiB(nginx.pid)).now,
    };
    const rows: Row[] = [];
    for (const { load, aim } of loads) {
      const row = {
        ...(await compare(load, rounds, podtrust, nginx)),
        ...defined({ aim }),
      };
      console.log(`${load.name}: ${ratioOf(row).toFixed(2)} ×`);
      rows.push(row);
    }
    const p99 = [];
    for (const { load } of loads.slice(0, 2)) {
      const at = (server: Measured): Promise<number> =>
        percentile99({ ...load, requests: 50_000 }, server, join(stage.folder, "times"));
      p99.push({
        name: `${load.name}, 64 connections`,
        podtrust: await at(podtrust),
        nginx: await at(nginx),
      });
    }
    const results = {
      ...measured,
      versions: await versions(),
      rounds,
      rows,
      p99,
      idleMiB,
      peakMiB: Math.max(...rows.map((row) => row.podtrust.peakMiB)),
      small,
      visibleMs: await keyVisibility(stage, root, podtrust, newKeys),
    };
    return { text: renderPage(results), figures: publisherFigures(results) };
  } finally {
    await Promise.all(ending.map((close) => close()));
  }
}

/** The publisher against nginx, as the text of docs/reference/benchmarks/publisher.md; `asQuick` for a look. */
export async function benchPublisher(asQuick: boolean): Promise<PlottedPage> {
  await needed({ taskset: "--version", nginx: "-v", h2load: "--version" });
  const folder = await mkdtemp(join(tmpdir(), "podtrust-bench-"));
  const issuer = "https://oidc.example.test";
  const cluster = await startStandInCluster({ issuer });
  try {
    await cluster.keys.create();
    const authority = await testAuthority();
    const program = await buildPackage();
    const tls = await authority.issue(["oidc.example.test"]);
    return await bench({ program, folder, issuer, cluster, tls }, authority.root, asQuick ? quick : full);
  } finally {
    await cluster.close();
    await rm(folder, { recursive: true, force: true });
  }
}
