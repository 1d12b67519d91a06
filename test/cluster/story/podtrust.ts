import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

/** How one run of the command line ended. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A `podtrust …` that runs, and what it has said so far. */
export interface Started {
  readonly child: ChildProcess;
  readonly said: { out: string; err: string };
}

/** Starts `podtrust …` and does not wait for it. */
export function start(args: readonly string[]): Started {
  const child = spawn(process.execPath, ["src/cli/main.ts", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1" },
  });
  const said = { out: "", err: "" };
  child.stdout?.on("data", (part: Buffer) => (said.out += part.toString()));
  child.stderr?.on("data", (part: Buffer) => (said.err += part.toString()));
  return { child, said };
}

/** Runs `podtrust …` as a person would, to its end. */
export async function podtrust(...args: readonly string[]): Promise<Ended> {
  const { child, said } = start(args);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...said };
}

/** A `podtrust serve` that runs. */
export interface Serving {
  /** What it wrote so far. */
  readonly log: () => string;
  /** Its second listener: a path's status and text. */
  readonly admin: (path: string) => Promise<{ status: number; text: string }>;
  /** Ends it by SIGTERM and gives its exit code. */
  readonly stop: () => Promise<number | null>;
}

/** Starts `podtrust serve` and waits until /readyz says yes. */
export async function serve(config: string, adminPort: number): Promise<Serving> {
  // The gate runs as root; a publisher must not, unless it is told by a flag that says what it gives up.
  const root = process.getuid?.() === 0 ? ["--insecure-run-as-root"] : [];
  const { child, said } = start(["serve", "-f", config, ...root]);
  const admin = async (path: string): Promise<{ status: number; text: string }> => {
    const response = await fetch(`http://127.0.0.1:${adminPort}${path}`);
    return { status: response.status, text: await response.text() };
  };
  const log = (): string => said.out + said.err;
  const closed = once(child, "close") as Promise<[number | null]>;
  for (let tries = 0; tries < 300; tries += 1) {
    if (child.exitCode !== null) throw new Error(`podtrust serve ended with ${child.exitCode}: ${log()}`);
    const answer = await admin("/readyz").catch(() => undefined);
    if (answer?.status === 200) {
      const stop = async (): Promise<number | null> => {
        child.kill("SIGTERM");
        return (await closed)[0];
      };
      return { log, admin, stop };
    }
    await sleep(100);
  }
  child.kill("SIGKILL");
  throw new Error(`podtrust serve did not become ready: ${log()}`);
}
