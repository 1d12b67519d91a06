import { type ChildProcess, spawn } from "node:child_process";
import {
  defined,
  lineSplitter,
  PodtrustError,
  programEnvironment,
  type Environment,
} from "../../core/base/index.ts";
import type { SshTarget } from "./target.ts";

/** How a connection is made, whatever its purpose. */
export interface SshConnection {
  readonly target: SshTarget;
  /** A known_hosts file that has the machine's key under `alias`, and nothing else. */
  readonly knownHosts: string;
  /** The machine's name in that file. */
  readonly alias: string;
  /** The socket of the shared connection; absent: a connection of its own. */
  readonly socket?: string;
}

/** A file's name as the value of an option: ssh splits at spaces, and reads `%` as the beginning of a token. */
const fileValue = (path: string): string => `"${path.replaceAll("%", "%%")}"`;

/**
 * The options of every connection, for ssh(1). They come before the person's own ~/.ssh/config, which may add agents
 * and keys, and cannot change which host we trust.
 */
export function sshOptions({ target, knownHosts, alias, socket }: SshConnection): readonly string[] {
  const options: Record<string, string> = {
    BatchMode: "yes",
    StrictHostKeyChecking: "yes",
    UserKnownHostsFile: fileValue(knownHosts),
    GlobalKnownHostsFile: "/dev/null",
    HostKeyAlias: alias,
    CheckHostIP: "no",
    UpdateHostKeys: "no",
    VerifyHostKeyDNS: "no",
    KnownHostsCommand: "none",
    PreferredAuthentications: "publickey",
    ConnectTimeout: "15",
    ServerAliveInterval: "15",
    ServerAliveCountMax: "4",
    ForwardAgent: "no",
    ForwardX11: "no",
    PermitLocalCommand: "no",
    RemoteCommand: "none",
    Tunnel: "no",
    LogLevel: "INFO",
    ...(socket === undefined
      ? { ControlMaster: "no", ControlPath: "none" }
      : { ControlPath: fileValue(socket) }),
    ...(target.keyFile === undefined ? {} : { IdentitiesOnly: "yes" }),
    ...defined({ HostName: target.via?.address }),
  };
  return [
    "-T",
    ...Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]),
    ...(target.keyFile === undefined ? [] : ["-i", target.keyFile]),
    ...(target.proxyJump === undefined ? [] : ["-J", target.proxyJump]),
    "-p",
    String(target.via?.port ?? target.port),
    "-l",
    target.user,
  ];
}

/** How a program ended, and what it said; at most a few MiB of each. */
export interface Ended {
  /** Undefined where it was killed. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** What is given to a program on its standard input: text or bytes, or whatever feeds a stream. */
export type Feed = string | Uint8Array | ((stdin: NodeJS.WritableStream) => Promise<void>);

interface RunOptions {
  readonly env: Environment;
  readonly stdin?: Feed;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Called with each line of standard output and standard error as it comes. */
  readonly onLine?: (line: string) => void;
}

// What a step on a host prints is far below this.
const maxOutput = 4 * 1024 * 1024;

/** Starts ssh or one of its tools; throws `ssh-missing`. */
export function startSsh(
  program: string,
  args: readonly string[],
  env: Environment,
  stdio: "pipe" | "inherit" = "pipe",
): Promise<ChildProcess> {
  const child = spawn(program, args, { env: programEnvironment("ssh", env), stdio, windowsHide: true });
  return new Promise((resolve, reject) => {
    child.once("spawn", () => resolve(child));
    child.once("error", (cause: NodeJS.ErrnoException) => {
      const missing = cause.code === "ENOENT";
      const message = missing
        ? `${program} is not installed, or not in PATH`
        : `${program} cannot be started`;
      reject(new PodtrustError(missing ? "ssh-missing" : "ssh-failed", message, { cause }));
    });
  });
}

function gathered(stream: NodeJS.ReadableStream | null, onLine: (line: string) => void): () => string {
  let all = "";
  const lines = lineSplitter(onLine);
  stream?.setEncoding("utf8").on("data", (text: string) => {
    all = (all + text).slice(-maxOutput);
    lines.push(text);
  });
  return () => all;
}

async function feed(child: ChildProcess, stdin: Feed | undefined): Promise<void> {
  const input = child.stdin;
  if (input === null) return;
  // A program that ends before it has read everything reports the error by its exit code.
  input.on("error", () => {});
  if (typeof stdin === "function") await stdin(input);
  else input.write(stdin ?? "");
  input.end();
}

/**
 * Runs ssh or one of its tools to its end. It is killed at the timeout or the signal, and `code` is undefined then.
 * Throws `ssh-missing`, or what feeds it throws.
 */
export async function runSsh(program: string, args: readonly string[], options: RunOptions): Promise<Ended> {
  const { env, stdin, timeoutMs, signal, onLine = () => {} } = options;
  const child = await startSsh(program, args, env);
  const stdout = gathered(child.stdout, onLine);
  const stderr = gathered(child.stderr, onLine);
  let isStopped = false;
  const stop = (): void => {
    isStopped = true;
    // On a shared connection a gentle signal would wait for the machine's side to end.
    child.kill("SIGKILL");
  };
  const timer = setTimeout(stop, timeoutMs);
  signal?.addEventListener("abort", stop, { once: true });
  try {
    const closed = new Promise<number | null>((resolve) => {
      child.once("close", (code: number | null) => resolve(code));
      // The shared connection holds the pipes of a child that was killed until the machine's side ends.
      child.once("exit", () => {
        if (isStopped) resolve(null);
      });
    });
    await feed(child, stdin).catch((error: unknown) => {
      child.kill();
      throw error;
    });
    const code = await closed;
    return { code: isStopped ? undefined : (code ?? undefined), stdout: stdout(), stderr: stderr() };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
  }
}
