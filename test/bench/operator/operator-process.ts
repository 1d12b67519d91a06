import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { request } from "../../../src/core/http/index.ts";
import { mallocEnvironment, type OperatorStatus } from "../../../src/operator/index.ts";
import { freePorts } from "../../cluster/harness/index.ts";
import { cpuSeconds } from "../process.ts";
import type { BenchWorld } from "./world.ts";

/** MB (10^6 bytes) that a process has resident, and the most that it ever had. */
export interface Resident {
  readonly now: number;
  readonly most: number;
  /** Of it, files that are mapped (its program and libraries), and what is the process's own. */
  readonly file: number;
  readonly own: number;
}

/** `podtrust operator run --bindings`, as it is installed. */
export interface OperatorProcess {
  readonly pid: number;
  /** Milliseconds from the process's start until all that is there was seen, and from its first answer. */
  readonly ready: {
    readonly fromStart: number;
    readonly fromListening: number;
    /** Seconds of the processor that it took for that. */
    readonly cpu: number;
  };
  readonly status: () => Promise<OperatorStatus>;
  readonly resident: () => Promise<Resident>;
  /** The end of what it has written to standard error. */
  readonly log: () => string;
  readonly close: () => Promise<void>;
}

async function residentOf(pid: number): Promise<Resident> {
  const text = await readFile(`/proc/${pid}/status`, "utf8");
  const of = (field: string): number =>
    (Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "mu").exec(text)?.[1]) * 1024) / 1e6;
  return { now: of("VmRSS"), most: of("VmHWM"), file: of("RssFile"), own: of("RssAnon") };
}

export interface OperatorProcessInput {
  readonly program: string;
  readonly world: BenchWorld;
  /** Of the operator's own rights. */
  readonly kubeconfig: string;
  /** Of Node. */
  readonly flags?: readonly string[];
}

/** Starts an operator, and resolves once it has seen all that is there. */
export async function startOperatorProcess(input: OperatorProcessInput): Promise<OperatorProcess> {
  const { program, world, kubeconfig, flags = [] } = input;
  const [port = 0] = await freePorts(1);
  const address = `127.0.0.1:${port}`;
  const options = ["--bindings", "--no-canary", "--kubeconfig", kubeconfig, "--listen", address];
  const begun = performance.now();
  const child = spawn(process.execPath, [...flags, program, "operator", "run", ...options], {
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      PATH: process.env["PATH"],
      ...mallocEnvironment,
      AWS_ENDPOINT_URL: world.aws.url,
      AWS_ACCESS_KEY_ID: world.aws.admin.accessKeyId,
      AWS_SECRET_ACCESS_KEY: world.aws.admin.secretAccessKey,
    },
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-20_000)));
  const get = (path: string) =>
    request(`http://${address}${path}`, { allowPlainHttp: true, maxBytes: 64 * 1024 * 1024 });
  let listening: number | undefined;
  for (;;) {
    const answer = await get("/readyz").catch(() => undefined);
    if (answer !== undefined) listening ??= performance.now();
    if (answer?.status === 200) break;
    if (child.exitCode !== null) throw new Error(`the operator ended:\n${said}`);
    if (performance.now() - begun > 60_000) throw new Error(`the operator is not ready:\n${said}`);
    await sleep(5);
  }
  const now = performance.now();
  const pid = child.pid ?? 0;
  return {
    pid,
    ready: { fromStart: now - begun, fromListening: now - (listening ?? now), cpu: await cpuSeconds(pid) },
    status: async () => JSON.parse((await get("/status")).body.toString()) as OperatorStatus,
    resident: () => residentOf(pid),
    log: () => said,
    async close() {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    },
  };
}
