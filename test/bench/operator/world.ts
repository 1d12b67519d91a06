import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { IAMClient } from "@aws-sdk/client-iam";
import type { AwsCredentials } from "../../../src/providers/aws/index.ts";
import { account } from "../../support/bindings/objects.ts";
import { prepareAccount, startTrustingPlane, type TrustingPlane } from "../../cluster/bindings/world.ts";
import { cpuSeconds } from "../process.ts";

/** `podtrust sandbox`, as it is installed. */
export interface SandboxProcess {
  readonly pid: number;
  readonly url: string;
  readonly admin: AwsCredentials;
  /** The actions of all calls since it was emptied: `CreateRole`. */
  readonly calls: string[];
}

/** A real API server and the sandbox, each a process of its own. */
export interface BenchWorld extends TrustingPlane {
  readonly aws: SandboxProcess;
}

/** Seconds of the processor that each of them has used since it began. */
export interface ProcessorSeconds {
  readonly operator: number;
  readonly apiServer: number;
  readonly etcd: number;
  readonly sandbox: number;
  /** This process: the administrator who makes bindings, and who follows them. */
  readonly client: number;
}

async function credentialsOf(file: string): Promise<AwsCredentials> {
  const text = await readFile(file, "utf8");
  const of = (key: string): string => new RegExp(`^${key}\\s*=\\s*(\\S+)`, "mu").exec(text)?.[1] ?? "";
  return { accessKeyId: of("aws_access_key_id"), secretAccessKey: of("aws_secret_access_key") };
}

/** What it says, until it is ready: its URL; from then on each call. */
function introduced(child: ChildProcess, calls: string[]): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  child.once("exit", (code) => reject(new Error(`the sandbox ended with ${code}`)));
  let url = "";
  const lines = createInterface({ input: child.stdout ?? process.stdin });
  lines.on("line", (line) => {
    url ||= /http:\/\/127\.0\.0\.1:\d+/u.exec(line)?.[0] ?? "";
    if (line.startsWith("Ready.")) resolve(url);
    const action = / action=\w+:(\w+)/u.exec(line)?.[1];
    if (action !== undefined) calls.push(action);
  });
  return promise;
}

/** Starts API server and sandbox; `program` is the package's command. */
export async function startBenchWorld(program: string, propagationMs: number): Promise<BenchWorld> {
  await using starting = new AsyncDisposableStack();
  const trusting = await startTrustingPlane();
  starting.defer(() => trusting.stop());
  const folder = await mkdtemp(join(tmpdir(), "podtrust-bench-"));
  starting.defer(() => rm(folder, { recursive: true }));
  const [ca, credentials] = [join(folder, "ca.pem"), join(folder, "credentials")];
  await writeFile(ca, trusting.ca);
  const [{ host, port, address, toPort } = { host: "", port: 0, address: "", toPort: 0 }] =
    trusting.issuer.connectTo;
  const rule = `${host}:${port}:${address}:${toPort}`;
  const issuers = ["--ca", ca, "--connect-to", rule, "--propagation", `${propagationMs / 1000}s`];
  const args = ["sandbox", "--port", "0", "--account", account, "--admin-credentials", credentials, "--log"];
  const child = spawn(process.execPath, [program, ...args, ...issuers], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  starting.defer(async () => {
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
  });
  const calls: string[] = [];
  const url = await introduced(child, calls);
  const admin = await credentialsOf(credentials);
  const iam = new IAMClient({ endpoint: url, region: "eu-central-1", credentials: admin });
  await prepareAccount(iam, trusting.issuer.issuer);
  iam.destroy();
  const running = starting.move();
  return {
    ...trusting,
    aws: { pid: child.pid ?? 0, url, admin, calls },
    stop: () => running.disposeAsync(),
  };
}

/** What the processes have used up to now. */
export async function processorSeconds(
  { plane, aws }: BenchWorld,
  operatorPid: number,
): Promise<ProcessorSeconds> {
  const [server] = plane.servers;
  const pids = [operatorPid, server?.pid() ?? 0, plane.etcd.pid(), aws.pid, process.pid];
  const [operator = 0, apiServer = 0, etcd = 0, sandbox = 0, client = 0] = await Promise.all(
    pids.map((pid) => cpuSeconds(pid)),
  );
  return { operator, apiServer, etcd, sandbox, client };
}

/** What they used from one time to another. */
export function usedBetween(before: ProcessorSeconds, after: ProcessorSeconds): ProcessorSeconds {
  return {
    operator: after.operator - before.operator,
    apiServer: after.apiServer - before.apiServer,
    etcd: after.etcd - before.etcd,
    sandbox: after.sandbox - before.sandbox,
    client: after.client - before.client,
  };
}
