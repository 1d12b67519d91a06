import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { maxWait } from "../max-wait.ts";
import type { Run } from "../../cluster/harness/run.ts";

/** Who logs in where, and by which host key he knows that he is there. */
export interface Login {
  /** 127.0.0.1 by default. */
  readonly address?: string;
  readonly port: number;
  readonly user: string;
  /** Path of a private key. */
  readonly identity: string;
  /** The only one that is accepted: `ssh-ed25519 AAAA…`. */
  readonly hostKey: string;
}

export interface CommandOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let files = 0;

/** Gives a command on the machine its input, by the system's ssh and nothing of its user's settings. */
async function feed(
  run: Run,
  login: Login,
  [command, input]: readonly [string, string | Buffer],
): Promise<CommandOutcome> {
  files += 1;
  const known = run.write(`known-hosts-${files}`, `machine ${login.hostKey}\n`);
  const options = [
    "BatchMode=yes",
    "IdentitiesOnly=yes",
    "StrictHostKeyChecking=yes",
    `UserKnownHostsFile=${known}`,
    "GlobalKnownHostsFile=/dev/null",
    "HostKeyAlias=machine",
    "ConnectTimeout=60",
    // A machine that is reset says nothing more.
    "ServerAliveInterval=60",
  ].flatMap((option) => ["-o", option]);
  const child = spawn(
    "ssh",
    [
      "-F",
      "none",
      ...options,
      "-i",
      login.identity,
      "-p",
      String(login.port),
      `${login.user}@${login.address ?? "127.0.0.1"}`,
      command,
    ],
    { timeout: maxWait, killSignal: "SIGKILL" },
  );
  const gathered = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (chunk: string) => (gathered[name] += chunk));
  // A connection that is refused ends ssh before it has read its input.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const [code] = (await once(child, "close")) as [number | null];
  return { code: code ?? 255, ...gathered };
}

/** Runs a shell's script on the machine. Exit code 255 is ssh's own. */
export function ssh(run: Run, login: Login, script: string): Promise<CommandOutcome> {
  return feed(run, login, ["sh -s", script]);
}

/** Writes a file on the machine, as its root. */
export async function put(
  run: Run,
  login: Login,
  content: string | Buffer,
  [path, mode]: readonly [string, string],
): Promise<void> {
  const command = `sudo install -D -m ${mode} /dev/stdin ${path}`;
  const { code, stderr } = await feed(run, login, [command, content]);
  if (code !== 0) throw new Error(`${path} could not be written: ${stderr}`);
}

/** A pair of ed25519 keys of OpenSSH's: the path of the private one, and both as texts. */
export async function sshKey(run: Run, name: string): Promise<{ identity: string; publicKey: string }> {
  const identity = join(run.folder, name);
  const child = spawn("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", identity]);
  await once(child, "close");
  return { identity, publicKey: readFileSync(`${identity}.pub`, "utf8").split(" ").slice(0, 2).join(" ") };
}
