import { readFile, rm } from "node:fs/promises";
import { residentMiB } from "../support/publisher-process.ts";
import { cores, cpuSeconds, type Measured, output } from "./process.ts";

/** What is asked for, and how. */
export interface Load {
  readonly name: string;
  /** Of h2load, besides target and number of requests. */
  readonly flags: readonly string[];
  readonly requests: number;
  /** The same run this often, its numbers added: for connections, of which only so many may stand at once. */
  readonly repeat?: number;
}

export interface Outcome {
  readonly perSecond: number;
  /** Microseconds of the server's CPU for each request. */
  readonly cpuMicros: number;
  readonly peakMiB: number;
}

const host = "oidc.example.test";

/** The command of a load, as it is run. */
export function commandOf(load: Load, port: number): readonly string[] {
  const { flags, requests } = load;
  const target = [`--connect-to=127.0.0.1:${port}`, `https://${host}/openid/v1/jwks`];
  return [
    "taskset",
    "-c",
    String(cores.client),
    "h2load",
    "-t1",
    ...flags,
    "-n",
    String(requests),
    ...target,
  ];
}

async function once(load: Load, port: number, extra: readonly string[] = []): Promise<number> {
  const [file = "", ...args] = commandOf(load, port);
  const text = await output(file, [...args.slice(0, 3), ...extra, ...args.slice(3)]);
  const seconds = /finished in ([\d.]+)(us|ms|s|m)/u.exec(text);
  if (seconds === null || !text.includes(`${load.requests} succeeded, 0 failed`)) {
    throw new Error(`h2load did not end well on port ${port}:\n${text}`);
  }
  const unit = { us: 1e-6, ms: 1e-3, s: 1, m: 60 }[seconds[2] as "us" | "ms" | "s" | "m"];
  return Number(seconds[1]) * unit;
}

/** Puts a load on a server and measures both sides. */
export async function measure(load: Load, server: Measured): Promise<Outcome> {
  const before = await cpuSeconds(server.pid);
  let peakMiB = 0;
  const sampling = setInterval(() => {
    residentMiB(server.pid).then(
      ({ now }) => (peakMiB = Math.max(peakMiB, now)),
      () => {},
    );
  }, 100);
  let seconds = 0;
  for (let run = 0; run < (load.repeat ?? 1); run += 1) seconds += await once(load, server.port);
  clearInterval(sampling);
  const requests = load.requests * (load.repeat ?? 1);
  const cpuMicros = (((await cpuSeconds(server.pid)) - before) * 1e6) / requests;
  return { perSecond: requests / seconds, cpuMicros, peakMiB };
}

/** The 99th percentile of a request's time, in milliseconds. */
export async function percentile99(load: Load, server: Measured, file: string): Promise<number> {
  await once(load, server.port, [`--log-file=${file}`]);
  const times = (await readFile(file, "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => Number(line.split("\t")[2]))
    .sort((a, b) => a - b);
  await rm(file);
  return (times[Math.floor(times.length * 0.99)] ?? Number.NaN) / 1000;
}
