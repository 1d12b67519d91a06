import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { connectSandbox } from "../../src/sandbox/index.ts";
import { freePort } from "../support/free-port.ts";
import { residentMiB } from "../support/publisher-process.ts";
import { motoVenv } from "../support/moto.ts";
import type { PlottedPage } from "./plot.ts";
import { cores, cpuSeconds, measuredNow, needed, onServersCore, output } from "./process.ts";
import {
  type ExchangeOutcome,
  type ExchangeRow,
  renderSandboxPage,
  sandboxFigures,
  type SandboxServer,
} from "./sandbox-page.ts";
import { buildPackage } from "./servers.ts";

/** A server of STS that exchanges are asked of. */
interface Running {
  readonly child: ChildProcess;
  readonly port: number;
  /** Milliseconds from its start to its first answer. */
  readonly firstMs: number;
}

type Command = (port: number, folder: string) => readonly string[];

/** Starts a server on the servers' core and waits for its first answer. */
async function started(command: Command, folder: string): Promise<Running> {
  const port = await freePort();
  const begun = performance.now();
  const [file = "", ...args] = [...onServersCore, ...command(port, folder)];
  const child = spawn(file, args, { stdio: "ignore" });
  for (let tries = 0; tries < 3000; tries += 1) {
    const answered = await fetch(`http://127.0.0.1:${port}/`).then(
      (response) => response.arrayBuffer(),
      () => undefined,
    );
    if (answered !== undefined) return { child, port, firstMs: performance.now() - begun };
    await pause(5);
  }
  throw new Error(`${file} ${args.join(" ")} does not answer`);
}

async function ended({ child }: Running): Promise<void> {
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  await gone;
}

async function load(
  { port, child }: Running,
  row: { readonly connections: number; readonly mode: "kept" | "new" },
  exchanges: number,
  bodyFile: string,
): Promise<ExchangeOutcome> {
  const pid = child.pid ?? 0;
  const before = await cpuSeconds(pid);
  const script = join(import.meta.dirname, "exchange-load.ts");
  const words = [port, row.connections, exchanges, row.mode].map(String);
  const line = ["-c", String(cores.client), process.execPath, script, ...words, bodyFile];
  const outcome = JSON.parse(await output("taskset", line)) as Omit<
    ExchangeOutcome,
    "cpuMicros" | "residentMiB"
  >;
  const cpuMicros = ((await cpuSeconds(pid)) - before) * (1e6 / exchanges);
  return { ...outcome, cpuMicros, residentMiB: (await residentMiB(pid)).now };
}

/** The exchange that is asked for, again and again: the sandbox is made to accept it, and moto looks at nothing. */
async function writeBody(file: string, port: number, tokenFile: string): Promise<void> {
  const token = (await readFile(tokenFile, "utf8")).trim();
  const sandbox = await connectSandbox({ url: `http://127.0.0.1:${port}`, token });
  const issuer = await sandbox.issuer();
  const { url } = issuer;
  const key = url.slice("https://".length);
  const trustPolicy = {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Federated: `arn:aws:iam::${sandbox.account}:oidc-provider/${key}` },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: { StringEquals: { [`${key}:sub`]: "system:serviceaccount:shop:cart" } },
      },
    ],
  };
  await sandbox.seed({
    providers: [{ url, audiences: ["sts.amazonaws.com"] }],
    roles: [{ name: "cart", trustPolicy }],
  });
  const form = {
    Action: "AssumeRoleWithWebIdentity",
    Version: "2011-06-15",
    RoleArn: `arn:aws:iam::${sandbox.account}:role/cart`,
    RoleSessionName: "job",
    WebIdentityToken: await issuer.token({ namespace: "shop", name: "cart", expirationSeconds: 36_000 }),
  };
  await writeFile(file, new URLSearchParams(form).toString());
}

const loads = [
  { connections: 64, mode: "kept" },
  { connections: 200, mode: "kept" },
  { connections: 64, mode: "new" },
  { connections: 200, mode: "new" },
] as const;

async function benchServer(
  command: Command,
  options: {
    readonly folder: string;
    readonly exchanges: number;
    readonly starts: number;
    readonly growth: number;
  },
  prepare?: (port: number) => Promise<void>,
): Promise<SandboxServer> {
  const { folder, exchanges, starts, growth } = options;
  const firsts: number[] = [];
  for (let start = 0; start < starts; start += 1) {
    const one = await started(command, folder);
    firsts.push(one.firstMs);
    await ended(one);
  }
  const running = await started(command, folder);
  try {
    await prepare?.(running.port);
    const body = join(folder, "body");
    const rows: ExchangeRow[] = [];
    const restMiB = (await residentMiB(running.child.pid ?? 0)).now;
    for (const row of loads) rows.push({ ...row, outcome: await load(running, row, exchanges, body) });
    const grown: number[] = [];
    for (const part of growth > 0 ? [1, 2, 3, 4, 5].map(() => growth / 5) : [])
      grown.push((await load(running, loads[0], part, body)).residentMiB);
    return { firstMs: firsts.sort((a, b) => a - b)[Math.floor(starts / 2)] ?? 0, restMiB, rows, grown };
  } finally {
    await ended(running);
  }
}

/** The sandbox beside moto_server, as the text of docs/reference/benchmarks/sandbox.md; `quick` for a look. */
export async function benchSandbox(quick: boolean): Promise<PlottedPage> {
  await needed({ taskset: "--version" });
  const missing = await motoVenv.missing();
  if (missing !== undefined) throw new Error(missing);
  const measured = measuredNow();
  const program = await buildPackage();
  const folder = await mkdtemp(join(tmpdir(), "podtrust-bench-"));
  const tokenFile = join(folder, "token");
  const exchanges = quick ? 1500 : 15_000;
  const options = { folder, exchanges, starts: quick ? 1 : 5 };
  try {
    const podtrust = await benchServer(
      (port) => [process.execPath, program, "sandbox", "--port", String(port), "--control-token", tokenFile],
      { ...options, growth: quick ? 5000 : 50_000 },
      async (port) => {
        // The first answer comes a moment before the token stands in its file.
        while ((await readFile(tokenFile, "utf8").catch(() => "")) === "") await pause(20);
        await pause(200);
        await writeBody(join(folder, "body"), port, tokenFile);
      },
    );
    const other = await benchServer(
      (port) => [motoVenv.program("moto_server"), "-H", "127.0.0.1", "-p", String(port)],
      { ...options, growth: 0 },
    );
    const results = { ...measured, exchanges, podtrust, moto: other, motoVersion: "5.2.5" };
    return { text: renderSandboxPage(results), figures: sandboxFigures(results) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
