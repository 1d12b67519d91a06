import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { defined } from "../../src/core/base/index.ts";
import type { TestCertificate } from "./certificates.ts";
import { until } from "./until.ts";

/** `podtrust serve` as a process of its own. */
export interface PublisherProcess {
  readonly pid: number;
  /** Of its first HTTPS listener. */
  readonly port: number;
  readonly stateDir: string;
  /** What it has written to standard error. */
  readonly log: () => string;
  /** Whether it runs. */
  readonly alive: () => boolean;
  close(): Promise<void>;
}

/** One config of a publisher: its stack, its issuer, and its section `https`. */
export interface ServedStack {
  readonly stack: string;
  readonly issuer: string;
  /** Of a kubeconfig that may read the two documents. */
  readonly kubeconfig: string;
  readonly https: Readonly<Record<string, unknown>>;
  /** Its section `backup`; none by default. */
  readonly backup?: Readonly<Record<string, unknown>>;
  /** Its `formerIssuers`; none by default. */
  readonly formerIssuers?: readonly string[];
}

export interface PublisherProcessInput {
  /** Runs podtrust: a program and what comes before `serve`. */
  readonly command: readonly string[];
  /** For configs and state. */
  readonly folder: string;
  readonly stacks: readonly ServedStack[];
  /** What its log says once it is as far as is waited for; `every stack is published` by default. */
  readonly until?: string;
  /** More arguments of `serve`. */
  readonly args?: readonly string[];
}

/** The command as it stands in the sources. */
export const sourceCommand: readonly string[] = [
  process.execPath,
  join(import.meta.dirname, "../../src/cli/main.ts"),
];

/** The section `https` of a config with this certificate, which is written into a folder. */
export async function certificateFiles(
  folder: string,
  { certificate, key }: TestCertificate,
  port = 0,
): Promise<Readonly<Record<string, unknown>>> {
  const [certificateFile, keyFile] = [join(folder, "tls.crt"), join(folder, "tls.key")];
  await writeFile(certificateFile, certificate);
  await writeFile(keyFile, key, { mode: 0o600 });
  return { listen: [`127.0.0.1:${port}`], certificateFile, keyFile };
}

/** Writes a config into a folder, and gives its file. */
export async function writeConfig(
  folder: string,
  { stack, issuer, kubeconfig, https, backup, formerIssuers }: ServedStack,
): Promise<string> {
  const own = join(folder, stack);
  await mkdir(own, { recursive: true });
  await writeFile(join(own, "kubeconfig"), kubeconfig, { mode: 0o600 });
  const publisher = {
    source: { kubeconfig: "kubeconfig" },
    stateDir: join(folder, "state"),
    admin: "127.0.0.1:0",
    pollInterval: "1s",
    ...defined({ backup, formerIssuers }),
    https,
  };
  // JSON is YAML.
  const file = join(own, "podtrust.yaml");
  await writeFile(file, JSON.stringify({ stack, issuer, publisher }));
  return file;
}

/** Ends a program and waits for it. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  await gone;
}

/** Starts `podtrust serve` for these stacks, and waits until its log says that it is ready. */
export async function startPublisherProcess(input: PublisherProcessInput): Promise<PublisherProcess> {
  const { command, folder, stacks, until: words = "every stack is published", args: more = [] } = input;
  const files = await Promise.all(stacks.map((stack) => writeConfig(folder, stack)));
  const asRoot = process.getuid?.() === 0 ? ["--insecure-run-as-root"] : [];
  const [program = "", ...first] = command;
  const args = [...first, "serve", ...files.flatMap((file) => ["-f", file]), ...asRoot, ...more];
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (log += text));
  const alive = (): boolean => child.exitCode === null && child.signalCode === null;
  try {
    await until(
      `the publisher says: ${words}`,
      () => {
        if (!alive()) throw new Error(`the publisher ended:\n${log}`);
        return log.includes(words);
      },
      { everyMs: 20, detail: () => log },
    );
  } catch (error) {
    await end(child);
    throw error;
  }
  const port = Number(/"https":\["127\.0\.0\.1:(\d+)"/u.exec(log)?.[1]);
  const pid = child.pid ?? 0;
  return { pid, port, stateDir: join(folder, "state"), log: () => log, alive, close: () => end(child) };
}

/** Resident memory of a process in MiB: now, and the highest since its start. */
export async function residentMiB(pid: number): Promise<{ readonly now: number; readonly peak: number }> {
  const text = await readFile(`/proc/${pid}/status`, "utf8");
  const of = (field: string): number => Number(new RegExp(`${field}:\\s+(\\d+)`, "u").exec(text)?.[1]) / 1024;
  return { now: of("VmRSS"), peak: of("VmHWM") };
}
