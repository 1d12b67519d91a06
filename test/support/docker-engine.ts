import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import process from "node:process";
import { type ProgramRun, runProgram } from "./python-venv.ts";
import { until } from "./until.ts";

/** Docker's engine, with nothing in it but what a test loads. */
export interface DockerEngine {
  /** For DOCKER_HOST. */
  readonly host: string;
  /** Runs `docker ARGS` to its end; throws what it said where that went wrong. */
  docker(...args: readonly string[]): Promise<string>;
  /** Runs a program where the ports of containers are published on this machine's loopback. */
  inside(line: readonly string[], env: Readonly<Record<string, string>>): Promise<ProgramRun>;
  /** Ends the engine and what runs in it. */
  close(): Promise<void>;
}

// Debian keeps the daemon where only root's shells look.
const path = `${process.env["PATH"] ?? ""}${delimiter}/usr/sbin${delimiter}/sbin`;

/** Why no engine can run here, else undefined. */
export function whyNoDocker(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "containers need Linux and root";
  const missing = ["dockerd", "docker", "ip", "nsenter"].find(
    (program) => !path.split(delimiter).some((folder) => existsSync(join(folder, program))),
  );
  return missing === undefined
    ? undefined
    : `${missing} is not there: install Debian's docker.io and iproute2`;
}

/**
 * Starts an engine with its files in `folder`, in a network of its own: no rule and no bridge of this machine's changes,
 * and its containers reach nothing but each other.
 */
export async function startDockerEngine(folder: string): Promise<DockerEngine> {
  const host = `unix://${join(folder, "docker.sock")}`;
  const [configFile, logFile] = [join(folder, "daemon.json"), join(folder, "dockerd.log")];
  await writeFile(
    configFile,
    JSON.stringify({
      "data-root": join(folder, "data"),
      "exec-root": join(folder, "run"),
      pidfile: join(folder, "dockerd.pid"),
      hosts: [host],
      // Ports are published by its proxy, which needs no rules.
      iptables: false,
      ip6tables: false,
      "log-level": "warn",
    }),
  );
  const env = { PATH: path, HOME: folder, DOCKER_HOST: host };
  const inside = 'ip link set lo up && exec dockerd --config-file "$0" >"$1" 2>&1';
  // It ends with this process, however that ends.
  const starting = [
    "--pdeathsig",
    "TERM",
    "unshare",
    "--net",
    "--mount",
    "sh",
    "-c",
    inside,
    configFile,
    logFile,
  ];
  const daemon = spawn("setpriv", starting, { env, stdio: "ignore" });
  const ended = once(daemon, "exit");
  const hasEnded = (): boolean => daemon.exitCode !== null || daemon.signalCode !== null;
  const close = async (): Promise<void> => {
    // It ends its containers, and containerd.
    daemon.kill("SIGTERM");
    const killing = setTimeout(() => daemon.kill("SIGKILL"), 30_000);
    await ended;
    clearTimeout(killing);
  };
  const docker = async (...args: readonly string[]): Promise<string> => {
    const { code, out, err } = await runProgram("docker", args, env);
    if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${err}`);
    return out.trim();
  };
  const answers = async (): Promise<boolean> => {
    if (hasEnded()) throw new Error(`Docker's engine has ended: ${await readFile(logFile, "utf8")}`);
    return (await runProgram("docker", ["version"], env)).code === 0;
  };
  try {
    await until("Docker's engine answers", answers, { detail: () => readFile(logFile, "utf8") });
  } catch (error) {
    await close();
    throw error;
  }
  return {
    host,
    docker,
    inside: (line, more) =>
      runProgram("nsenter", [`--net=/proc/${daemon.pid}/ns/net`, "--", ...line], { PATH: path, ...more }),
    close,
  };
}
