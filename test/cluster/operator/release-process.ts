/** `podtrust operator run --bindings` of one version or another, a process with the rights of a pod. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import type { OperatorStatus } from "../../../src/operator/index.ts";
import type { ControlPlane } from "../harness/index.ts";
import { freePorts } from "../harness/index.ts";

const run = promisify(execFile);
const parties = ["--for", "aws", "azure", "gcp"];

/** A folder with podtrust's source, of whatever commit. */
export interface Release {
  readonly name: string;
  readonly folder: string;
}

const mainOf = ({ folder }: Release): string => join(folder, "src/cli/main.ts");

/** Puts a release's definitions, guards and rights into the cluster, over those of another. */
export async function installRelease(plane: ControlPlane, release: Release): Promise<void> {
  const commands = [
    ["manifests", "operator-rbac"],
    ["manifests", "bindings", ...parties],
  ];
  for (const args of commands) {
    const { stdout } = await run(process.execPath, [mainOf(release), ...args], {
      maxBuffer: 16 * 1024 * 1024,
    });
    await plane.kubectl(["apply", "--server-side", "-f", "-"], stdout);
  }
}

/** A replica of the operator. */
export class ReleaseProcess {
  readonly release: Release;
  readonly #child: ChildProcess;
  readonly #address: string;
  #said = "";

  private constructor(release: Release, child: ChildProcess, address: string) {
    this.release = release;
    this.#child = child;
    this.#address = address;
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#said = (this.#said + text).slice(-20_000);
    });
  }

  /** Starts one; it leads once nobody else does. */
  static async start(
    plane: ControlPlane,
    release: Release,
    env: Readonly<Record<string, string>>,
  ): Promise<ReleaseProcess> {
    const token = await plane.requestToken("podtrust", "podtrust-operator", plane.issuer);
    const [port = 0] = await freePorts(1);
    const listen = `127.0.0.1:${port}`;
    const options = ["--kubeconfig", plane.kubeconfigWithToken(token), "--no-canary", "--listen", listen];
    const child = spawn(
      process.execPath,
      [mainOf(release), "operator", "run", "--bindings", ...parties, ...options],
      { stdio: ["ignore", "ignore", "pipe"], env: { PATH: process.env["PATH"], ...env } },
    );
    return new ReleaseProcess(release, child, `http://${listen}`);
  }

  /** What it has written to standard error. */
  get log(): string {
    return this.#said;
  }

  /** What it says of itself; undefined before it listens. */
  async status(): Promise<OperatorStatus | undefined> {
    if (this.#child.exitCode !== null) throw new Error(`the operator has ended:\n${this.#said}`);
    const answer = await fetch(`${this.#address}/status`).catch(() => undefined);
    return answer === undefined ? undefined : ((await answer.json()) as OperatorStatus);
  }

  /** Ends it, in good order or not; gives its exit code. */
  async end(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<number | null> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return exitCode;
    const exit = once(this.#child, "exit");
    this.#child.kill(signal);
    const [code] = (await exit) as [number | null];
    return code;
  }
}
