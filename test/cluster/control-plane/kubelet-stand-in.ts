/**
 * What a kubelet does of one static pod, as process 1 of a machine's namespaces: runs the command of kube-apiserver's manifest, and
 * when the file changes ends it and runs the new one. One that ends by itself is started again.
 *
 *   node kubelet-stand-in.ts KUBE_APISERVER LOG
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

const folder = "/etc/kubernetes/manifests";
const [program = "", log = ""] = process.argv.slice(2);
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

function commandOf(text: string): readonly string[] {
  const pod = parse(text, { version: "1.1" }) as Pod;
  const container = pod.spec.containers.find(({ name }) => name === "kube-apiserver");
  return container?.command.slice(1) ?? [];
}

let running: { readonly text: string; readonly child: ChildProcess } | undefined;

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
  const hasEnded = running !== undefined && (running.child.exitCode ?? running.child.signalCode) !== null;
  if (text === running?.text && !hasEnded) return;
  await end();
  if (text === undefined) return;
  const child = spawn(program, commandOf(text), { stdio: ["ignore", output, output] });
  running = { text, child };
}

process.on("SIGTERM", () => void end().then(() => process.exit(0)));
for (;;) {
  await look();
  await new Promise((resolve) => setTimeout(resolve, 100));
}
