import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import process from "node:process";
import type { Run } from "../../cluster/harness/run.ts";
import { type CliResult, mainFile } from "../../support/cli.ts";
import type { MachineImage } from "../build.ts";
import type { Login } from "./ssh.ts";

/** What the stand-in for k3s says of itself with `--version`. */
const k3sVersion = "v1.36.3+k3s1";

/**
 * Runs `podtrust ARGS` in the run's folder, with nothing of this process's environment but PATH. On an emulated machine
 * everything takes its time: the run is ended after `timeoutMs` (twenty minutes).
 */
export async function podtrust(
  run: Run,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  timeoutMs = 1_200_000,
): Promise<CliResult> {
  const child = spawn(process.execPath, [mainFile, ...args], {
    cwd: run.folder,
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: run.folder,
      XDG_STATE_HOME: `${run.folder}/state`,
      NODE_NO_WARNINGS: "1",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: timeoutMs,
  });
  const said = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said.out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said.err += text));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...said };
}

/** The `machine` section of a config for a machine that one can log in to, with the stand-in as its k3s. */
export function machineSection(image: MachineImage, login: Login): string {
  const fingerprint = createHash("sha256")
    .update(Buffer.from(login.hostKey.split(" ")[1] ?? "", "base64"))
    .digest("base64")
    .replace(/=+$/u, "");
  const sum = createHash("sha256").update(readFileSync(image.k3s)).digest("hex");
  return `machine:
  ssh: {address: 127.0.0.1, port: ${login.port}, user: ${login.user}, hostKey: "SHA256:${fingerprint}"}
  sshKey: ${login.identity}
  k3s: {version: ${k3sVersion}, archive: ${image.k3s}, sha256: {amd64: ${sum}}}
  cni: flannel
`;
}
