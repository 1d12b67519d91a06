/**
 * A control plane node as process 1 of its namespaces: a container runtime's stand-in, an API server that listens, and a tenant's
 * processes, which belong to a user without rights. It does what the words on its standard input say, one a line, and answers each
 * with `done`.
 *
 *   node node-stand-in.ts NODE PORT
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { type RuntimePod, startRuntime } from "../../support/ssh-host/runtime-stand-in.ts";

const [node = "", port = ""] = process.argv.slice(2);
const socket = "/run/containerd/containerd.sock";
const tenant = { uid: 12_345, gid: 12_345 };
const program = "/opt/kube-apiserver";

mkdirSync("/run/containerd", { recursive: true });
copyFileSync(process.execPath, program);
// A process' name is that of its file; Node gives itself another.
const shell = "/opt/tenant/kube-apiserver";
mkdirSync("/opt/tenant");
copyFileSync("/bin/sh", shell);

const listening = `require("node:net").createServer().listen(${port}, "127.0.0.1", () => console.log("up"))`;

/** A process with these flags, once it is up: it listens on the API's port, or waits. */
async function started(
  does: "listens" | "waits",
  flags: readonly string[],
  as: object = {},
): Promise<ChildProcess> {
  const [file, code] =
    does === "listens" ? [program, ["-e", listening]] : [shell, ["-c", "echo up; sleep 100000 & wait"]];
  const child = spawn(file, [...code, "--", ...flags], { stdio: ["ignore", "pipe", "inherit"], ...as });
  if (child.stdout !== null) await once(child.stdout, "data");
  return child;
}

let server: ChildProcess | undefined;
let others: ChildProcess[] = [];
let pods: readonly RuntimePod[] = [];

async function ended(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

const mirror = (pid: number | undefined, more: Partial<RuntimePod> = {}): RuntimePod => ({
  name: `kube-apiserver-${node}`,
  namespace: "kube-system",
  container: "kube-apiserver",
  source: "file",
  pid,
  ...more,
});

const words: Readonly<Record<string, (flags: readonly string[]) => Promise<void>>> = {
  /** The API server runs as a static pod. */
  async server(flags) {
    server = await started("listens", flags);
    pods = [mirror(server.pid)];
  },
  /** It ends, and the runtime knows. */
  async away() {
    await ended(server);
    server = undefined;
    pods = [mirror(undefined)];
  },
  /** A user without rights has a process of that name. */
  async named(flags) {
    others.push(await started("waits", flags, tenant));
  },
  /** The same, and it listens on the API's port. */
  async bound(flags) {
    others.push(await started("listens", flags, tenant));
  },
  /** A pod of that name that the API gave, with a process that listens on the API's port. */
  async pod(flags) {
    const child = await started("listens", flags, tenant);
    others.push(child);
    pods = [mirror(child.pid, { source: "api" }), mirror(child.pid, { namespace: "tenant" })];
  },
  /** Every process but the runtime ends. */
  async clear() {
    for (const child of [server, ...others]) await ended(child);
    [server, others, pods] = [undefined, [], []];
  },
};

await startRuntime(socket, () => pods);
console.log("done");
for await (const line of createInterface({ input: process.stdin })) {
  const [word = "", ...flags] = line.split(" ");
  await words[word]?.(flags);
  console.log("done");
}
// The runtime and its clients end with it.
process.kill(process.pid, "SIGKILL");
