/** `npm run demo:machine` as a process of a user who is nobody, with a disk image, a k3s and a release in files. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, copyFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { TestContext } from "node:test";
import { noHome } from "../../support/nowhere.ts";
import { until } from "../../support/until.ts";
import { maxWait } from "../max-wait.ts";
import type { MachineImage, Run } from "../harness/index.ts";
import { release, thisPodtrust } from "../harness/podtrust.ts";

export const nobody = 65_534;

/** What the demo is started with. */
export interface DemoFiles {
  readonly run: Run;
  readonly image: MachineImage;
}

/** Lays out what the user who is nobody names, and no more. */
export async function layOut({ run, image }: DemoFiles): Promise<void> {
  chmodSync(run.folder, 0o755);
  copyFileSync(image.k3s, join(run.folder, "k3s"));
  chmodSync(join(run.folder, "k3s"), 0o644);
  await release(thisPodtrust, join(run.folder, "release"));
}

export interface Started {
  readonly child: ChildProcess;
  /** All that it makes is made in here. */
  readonly temporary: string;
  readonly said: () => string;
  /** Resolves with how it ended. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** Starts the demo as nobody, with a folder of its own for all that it makes. */
export function start(context: TestContext, { run, image }: DemoFiles, name: string): Started {
  const temporary = join(run.folder, name);
  mkdirSync(temporary);
  chownSync(temporary, nobody, nobody);
  const files = ["--image", image.boot.disk, "--k3s", join(run.folder, "k3s"), "--release"];
  const demo = [
    process.execPath,
    join(import.meta.dirname, "main.ts"),
    ...files,
    join(run.folder, "release"),
  ];
  const user = [`--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups", "--no-new-privs"];
  const child = spawn("setpriv", [...user, ...demo], {
    cwd: "/",
    env: { PATH: process.env["PATH"] ?? "", HOME: noHome, TMPDIR: temporary, NODE_NO_WARNINGS: "1" },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 3_000_000,
    killSignal: "SIGKILL",
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (said += text));
  const ended = once(child, "close").then(
    ([code, signal]) => (code ?? signal) as number | NodeJS.Signals | null,
  );
  context.after(() => child.kill("SIGKILL"));
  return { child, temporary, said: () => said, ended };
}

/** Processes that name something in a folder: the emulator, its parent, and what it starts. */
export function processesOf(folder: string): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/u.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "latin1").includes(`${folder}/`);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** Waits until its machine is on; gives the processes that run it. */
export async function untilBooting({ temporary, said, child }: Started): Promise<readonly number[]> {
  await until(
    "a machine is started",
    () => {
      assert.equal(child.exitCode, null, `it has ended: ${said()}`);
      return /server\/k3s-cluster created/u.test(said());
    },
    { detail: said, withinMs: maxWait },
  );
  const found = processesOf(temporary);
  const emulators = found.filter((pid) => readFileSync(`/proc/${pid}/cmdline`, "latin1").startsWith("qemu-"));
  assert.equal(emulators.length, 1, `${found.join(" ")}: no emulator runs`);
  return found;
}
