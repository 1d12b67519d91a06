/**
 * What a kubelet does of one static pod, as process 1 of a machine's namespaces: runs the command of kube-apiserver's manifest, and
 * when the file changes ends it and runs the new one. One that ends by itself is started again, at most once a second: a kubelet
 * waits longer, and one that cannot start would take a processor for itself. Beside it a stand-in for a container runtime says
 * which process that is.
 *
 *   node kubelet-stand-in.ts KUBE_APISERVER LOG [FOLDER SOCKET]    by default kubeadm's folder of manifests, and containerd's socket
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { startRuntime } from "../../support/ssh-host/runtime-stand-in.ts";

const standard = ["/etc/kubernetes/manifests", "/run/containerd/containerd.sock"] as const;
const [program = "", log = "", folder = standard[0], socket = standard[1]] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const output = openSync(log, "a");

interface Pod {
  readonly spec: {
    readonly containers: readonly { readonly name: string; readonly command: readonly string[] }[];
  };
}

// As a kubelet: every file of the folder whose name begins with no dot.
function manifests(): readonly string[] {
  return readdirSync(folder)
    .filter((name) => !name.startsWith("."))
    .map((name) => readFileSync(join(folder, name), "utf8"));
}

/** Undefined for what is no manifest: whoever writes it has not come to its end. */
function commandOf(text: string): readonly string[] | undefined {
  try {
    const pod = parse(text, { version: "1.1" }) as Pod;
    return pod.spec.containers.find(({ name }) => name === "kube-apiserver")?.command.slice(1);
  } catch {
    return undefined;
  }
}

/** Undefined where none is to run, and where the file says nothing yet. */
async function change(text: string | undefined): Promise<void> {
  const command = text === undefined ? [] : commandOf(text);
  if (command === undefined) return;
  await end();
  if (text === undefined) return;
  const child = spawn(program, command, { stdio: ["ignore", output, output] });
  running = { text, child, since: performance.now() };
}

const leastMs = 1000;

let running: { readonly text: string; readonly child: ChildProcess; readonly since: number } | undefined;

async function end(): Promise<void> {
  const child = running?.child;
  running = undefined;
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  const hard = setTimeout(() => child.kill("SIGKILL"), 30_000);
  await gone;
  clearTimeout(hard);
}

async function look(): Promise<void> {
  const texts = manifests();
  if (texts.length > 1)
    throw new Error(`${texts.length} manifests stand in ${folder}: a kubelet would run all of them`);
  const [text] = texts;
  if (running !== undefined && text === running.text) {
    const hasEnded = (running.child.exitCode ?? running.child.signalCode) !== null;
    if (!hasEnded || performance.now() - running.since < leastMs) return;
  }
  await change(text);
}

/** The process of the API server, as the machine's own processes are counted; undefined where none runs. */
function runningPid(): number | undefined {
  const child = running?.child;
  return child === undefined || child.exitCode !== null || child.signalCode !== null ? undefined : child.pid;
}

// A container runtime, as podtrust asks one which process is the static pod's.
mkdirSync(dirname(socket), { recursive: true });
rmSync(socket, { force: true });
await startRuntime(socket, () => [
  {
    name: `kube-apiserver-${hostname()}`,
    namespace: "kube-system",
    container: "kube-apiserver",
    source: "file",
    pid: runningPid(),
  },
]);

process.on("SIGTERM", () => void end().then(() => process.exit(0)));
for (;;) {
  await look();
  await new Promise((resolve) => setTimeout(resolve, 100));
}
