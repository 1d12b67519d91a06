/**
 * The machine of `npm run test:k3s`, by environment variables:
 *
 *   PODTRUST_K3S_MACHINE   USER@HOST[:PORT], or `here` for the one that the suite runs on
 *   PODTRUST_K3S_HOST_KEY  the fingerprint of its host key, SHA256:…; left out: your own known_hosts has it
 *   PODTRUST_K3S_KEY       the private key that may log in; left out: your agent, or ssh's default keys
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { defined, type Environment } from "../../src/core/base/index.ts";

/** A machine that gets k3s and loses it again. */
export interface K3sMachine {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Absent: the person's own known_hosts has the key. */
  readonly hostKey?: string;
  readonly keyFile?: string;
  /** Takes back what was done so that it can be logged in to. */
  readonly release: () => Promise<void>;
}

const form = /^([a-z_][a-z0-9_-]*)@([A-Za-z0-9.-]+|\[[0-9a-f:]+\])(?::(\d{1,5}))?$/u;
const hostKeyFile = "/etc/ssh/ssh_host_ed25519_key.pub";

function whyNotHere(): string | undefined {
  if (process.platform !== "linux") return "k3s needs Linux";
  if (process.getuid?.() !== 0) return "setting up k3s here takes root";
  if (!existsSync("/run/systemd/system")) return "systemd does not run here";
  if (!existsSync(hostKeyFile)) return "no sshd with an Ed25519 key is set up here (Debian: openssh-server)";
  return undefined;
}

async function whyNoDownload(): Promise<string | undefined> {
  const release = "https://github.com/k3s-io/k3s/releases";
  try {
    await fetch(release, { method: "HEAD", signal: AbortSignal.timeout(15_000) });
    return undefined;
  } catch {
    return `${release} cannot be reached from here`;
  }
}

/** Why real k3s cannot be had; undefined where it can. Changes nothing. */
export async function whyNoK3s(env: Environment = process.env): Promise<string | undefined> {
  const named = env["PODTRUST_K3S_MACHINE"];
  if (named === undefined) {
    return "real k3s needs a machine that may be set up and emptied again: PODTRUST_K3S_MACHINE=USER@HOST, or here (CONTRIBUTING.md)";
  }
  if (named === "here") return whyNotHere() ?? (await whyNoDownload());
  return form.test(named)
    ? undefined
    : `PODTRUST_K3S_MACHINE is ${named}, and neither USER@HOST[:PORT] nor here`;
}

/** This machine, with a key that may log in until it is released. */
async function here(folder: string): Promise<K3sMachine> {
  const keyFile = join(folder, "login");
  const comment = `podtrust-test-k3s-${process.pid}`;
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", keyFile]);
  const keys = join(homedir(), ".ssh", "authorized_keys");
  await mkdir(join(homedir(), ".ssh"), { recursive: true, mode: 0o700 });
  await appendFile(keys, await readFile(`${keyFile}.pub`, "utf8"), { mode: 0o600 });
  const [, hostKey = ""] = execFileSync("ssh-keygen", ["-lf", hostKeyFile], { encoding: "utf8" }).split(" ");
  return {
    address: "127.0.0.1",
    port: 22,
    user: "root",
    hostKey,
    keyFile,
    release: async () => {
      const lines = (await readFile(keys, "utf8")).split("\n");
      await writeFile(keys, lines.filter((line) => !line.endsWith(comment)).join("\n"));
    },
  };
}

/** The machine that the variables name; `whyNoK3s` has said that it can be had. */
export async function k3sMachine(folder: string, env: Environment = process.env): Promise<K3sMachine> {
  const named = env["PODTRUST_K3S_MACHINE"] ?? "";
  if (named === "here") return here(folder);
  const [, user = "", address = "", port = "22"] = form.exec(named) ?? [];
  const [hostKey, keyFile] = [env["PODTRUST_K3S_HOST_KEY"], env["PODTRUST_K3S_KEY"]];
  return {
    user,
    address: address.replaceAll(/[[\]]/gu, ""),
    port: Number(port),
    ...defined({ hostKey, keyFile }),
    release: () => Promise.resolve(),
  };
}

/** The issuer that the cluster gets. Nobody serves it: what is looked at is what the API server says. */
export const issuer = "https://oidc.example.com";

/** The config of a stack on it; `more` are lines of its machine's section. */
export function k3sConfig({ address, port, user, hostKey, keyFile }: K3sMachine, more = ""): string {
  return `stack: k3s-test
issuer: ${issuer}
machine:
  ssh:
    address: "${address}"
    port: ${port}
    user: ${user}${hostKey === undefined ? "" : `\n    hostKey: ${hostKey}`}
${keyFile === undefined ? "" : `  sshKey: ${keyFile}\n`}${more}`;
}

/** The machine as an entry of `cluster.servers`, within `[…]`. */
export function k3sServer({ address, port, user, hostKey, keyFile }: Omit<K3sMachine, "release">): string {
  const pinned = hostKey === undefined ? "" : `, hostKey: "${hostKey}"`;
  const key = keyFile === undefined ? "" : `, sshKey: ${keyFile}`;
  return `{ssh: {address: "${address}", port: ${port}, user: ${user}${pinned}}${key}}`;
}

/** The kubeconfig that `podtrust tunnel` names. */
export function kubeconfigIn(said: string): string {
  const [, path] = /^export KUBECONFIG=(\S+)$/mu.exec(said) ?? [];
  if (path === undefined) throw new Error(`podtrust tunnel names no kubeconfig:\n${said}`);
  return path;
}
