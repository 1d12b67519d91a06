import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Logger } from "../../src/core/base/index.ts";
import { startStandInCloudflare, startStandInHetzner } from "../../src/sandbox/index.ts";
import { processorTime, timed } from "../support/processor-time.ts";
import { measureBoot } from "./boot.ts";
import {
  bootSectionOf,
  fromNothingFigures,
  type FromNothingRow,
  renderBootSection,
  renderFromNothingPage,
} from "./from-nothing-page.ts";
import type { PlottedPage } from "./plot.ts";
import { measuredNow } from "./process.ts";
import { buildPackage } from "./servers.ts";

/** The machine and its name: what is made before anything boots. */
const config = `stack: prod
issuer: {zone: example.com}
dns: cloudflare
machine:
  hetzner: {type: cax11, location: nbg1, sshFrom: [203.0.113.0/24]}
`;

const shared = ["--only", "machine", "--only", "A", "--only", "AAAA"];
const commands: readonly (readonly [
  what: string,
  args: readonly string[],
  aimSeconds: number | undefined,
])[] = [
  ["up: machine and name, from nothing", ["up", "--yes", ...shared], 15],
  ["up again: nothing to do", ["up", "--yes", ...shared], 3],
  ["down", ["down", "--yes", "--confirm", "prod", ...shared], undefined],
];

/** Counts what a stand-in is asked. */
class Calls {
  #count = 0;
  readonly logger: Logger = {
    debug: (message) => {
      if (message.endsWith(" answered")) this.#count += 1;
    },
    info: () => {},
    warn: () => {},
    error: () => {},
    child: () => this.logger,
  };

  /** Since it was asked last. */
  take(): number {
    const count = this.#count;
    this.#count = 0;
    return count;
  }
}

/** Seconds from start to end, and those of the processor, of a whole process. */
async function measured(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<{ readonly wall: number; readonly processor: number }> {
  const [shell, ...words] = timed([process.execPath, program, ...args]);
  const child = spawn(shell, words, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  const begun = performance.now();
  let said = "";
  child.stdout.resume();
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const [code] = (await once(child, "close")) as [number | null];
  const wall = (performance.now() - begun) / 1000;
  if (code !== 0) throw new Error(`podtrust ${args.join(" ")} ended with ${code}:\n${said}`);
  return { wall, processor: processorTime(said).seconds };
}

/** What a command took once. */
interface OneRun {
  readonly wall: number;
  readonly processor: number;
  readonly calls: FromNothingRow["calls"];
}

/** Each command once, in their order: the last takes away what the first has made. */
async function oneRound(program: string, folder: string): Promise<readonly OneRun[]> {
  const [atHetzner, atCloudflare] = [new Calls(), new Calls()];
  // Clouds that do everything at once: what is left is ours.
  const delays = { action: 0, firewall: 0, release: 0 };
  const hetzner = await startStandInHetzner({ mischief: "off", delays, logger: atHetzner.logger });
  const cloudflare = await startStandInCloudflare({ mischief: "off", logger: atCloudflare.logger });
  try {
    await writeFile(join(folder, "podtrust.yaml"), config);
    const env = {
      PATH: process.env["PATH"],
      HOME: folder,
      XDG_STATE_HOME: join(folder, "state"),
      HCLOUD_ENDPOINT: hetzner.url,
      HCLOUD_TOKEN: hetzner.tokens.readWrite,
      CLOUDFLARE_BASE_URL: cloudflare.url,
      CLOUDFLARE_API_TOKEN: cloudflare.tokens.edit,
    };
    const runs: OneRun[] = [];
    for (const [, args] of commands) {
      const took = await measured(program, args, { cwd: folder, env });
      runs.push({ ...took, calls: { hetzner: atHetzner.take(), cloudflare: atCloudflare.take() } });
    }
    return runs;
  } finally {
    await hetzner.close();
    await cloudflare.close();
  }
}

/** So many rounds, each with clouds and a folder of its own. */
async function rowsOf(program: string, rounds: number): Promise<readonly FromNothingRow[]> {
  const all: (readonly OneRun[])[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const folder = await mkdtemp(join(tmpdir(), "podtrust-bench-"));
    try {
      all.push(await oneRound(program, folder));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  return commands.map(([what, , aimSeconds], index) => {
    const runs = all.flatMap((round) => round[index] ?? []);
    return {
      what,
      wall: runs.map(({ wall }) => wall),
      processor: runs.map(({ processor }) => processor),
      calls: runs[0]?.calls ?? { hetzner: 0, cloudflare: 0 },
      aimSeconds,
    };
  });
}

interface FromNothingOptions {
  /** Also to a cluster that AWS trusts, on a machine that boots. */
  readonly boots: boolean;
  /** Once, for a look. */
  readonly quick: boolean;
  /** The page as it is: what is not measured anew stays as it stands there. */
  readonly page: string;
}

/** What it takes of us to go from nothing to a machine with a name: docs/reference/benchmarks/from-nothing.md and its figures. */
export async function benchFromNothing({ boots, quick, page }: FromNothingOptions): Promise<PlottedPage> {
  const now = measuredNow();
  const rows = await rowsOf(await buildPackage(), quick ? 1 : 9);
  const boot = boots ? renderBootSection(measuredNow(), await measureBoot()) : bootSectionOf(page);
  return {
    text: renderFromNothingPage({ ...now, rows, boot }),
    figures: fromNothingFigures({ ...now, rows }),
  };
}
