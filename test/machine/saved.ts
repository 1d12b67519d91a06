/**
 * A machine that has booted and that a test can log in to, with its memory in .cache/machine/: each test that needs a
 * booted machine gets one of its own in seconds. Made at the first need, and again when what it is made of has changed.
 */
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { diskOf, type EmulatorSpec } from "./emulator/index.ts";
import { buildImage, emulatorVersion } from "./build.ts";
import {
  type Machine,
  makeMachine,
  openRun,
  restoreMachine,
  type RoomOptions,
  roomOf,
  type Run,
  type SavedMachine,
  saveMemory,
  untilSsh,
} from "./harness/index.ts";
import { loginData } from "./harness/project.ts";
import type { Login } from "./harness/ssh.ts";

interface Kept {
  readonly spec: EmulatorSpec;
  readonly hostKey: string;
}

/** The folder of the saved machine, named after all that it is made of. */
async function place(): Promise<string> {
  const image = await buildImage();
  const hash = createHash("sha256").update(image.boot.disk).update(emulatorVersion());
  for (const file of ["emulator/emulator.ts", "harness/machine.ts", "harness/project.ts"])
    hash.update(readFileSync(new URL(file, import.meta.url)));
  return join(dirname(dirname(image.boot.disk)), `saved-${hash.digest("hex").slice(0, 16)}`);
}

async function boot(run: Run, folder: string): Promise<void> {
  const { userData, login } = await loginData(run);
  const machine = makeMachine(roomOf(run, await buildImage()), {
    id: 4711,
    name: "saved",
    architecture: "x86",
    image: "debian-12",
    location: "nbg1",
    userData,
    sshKeys: [],
    ipv4: "203.0.113.10",
    ipv6: "2001:db8:10::/64",
  });
  await machine.powerOn();
  const access = { ...login, port: machine.ports[22] };
  // Asked again and again: its last steps start sshd anew.
  await untilSsh(run, machine, access, "cloud-init status | grep -q 'status: done' && sync");
  const { spec } = await saveMemory(machine, join(folder, "memory"));
  copyFileSync(diskOf(spec), diskOf({ folder }));
  copyFileSync(login.identity, join(folder, "login-key"));
  writeFileSync(
    join(folder, "machine.json"),
    JSON.stringify({ spec, hostKey: login.hostKey } satisfies Kept),
  );
}

/** Boots a machine and saves it, unless that has been done. */
export async function saveMachine(say: (line: string) => void = console.log): Promise<string> {
  const folder = await place();
  if (existsSync(folder)) return folder;
  mkdirSync(dirname(folder), { recursive: true });
  const aside = mkdtempSync(join(dirname(folder), "building-"));
  const run = openRun("machine");
  try {
    const start = performance.now();
    say("booting a machine once, to save its memory (30 seconds where nothing else runs)");
    await boot(run, aside);
    say(`saved it after ${((performance.now() - start) / 1000).toFixed(1)} s`);
    if (!existsSync(folder)) renameSync(aside, folder);
  } finally {
    await run.end();
    rmSync(aside, { recursive: true, force: true });
  }
  return folder;
}

/** A booted machine of the test's own, and how to log in to it; its clock is right. */
export async function bootedMachine(
  context: Pick<TestContext, "after">,
  options: Pick<RoomOptions, "outside" | "ports"> = {},
): Promise<{ readonly run: Run; readonly machine: Machine; readonly access: Login }> {
  const folder = await saveMachine();
  const kept = JSON.parse(readFileSync(join(folder, "machine.json"), "utf8")) as Kept;
  const saved: SavedMachine = { memory: join(folder, "memory"), spec: { ...kept.spec, folder } };
  const run = openRun("machine");
  context.after(() => run.end());
  const machine = await restoreMachine(run, saved, options);
  const access: Login = {
    user: "k8s",
    identity: run.write("login-key", readFileSync(join(folder, "login-key"), "utf8")),
    hostKey: kept.hostKey,
    port: machine.ports[22],
  };
  await untilSsh(run, machine, access, "sudo hwclock -s");
  return { run, machine, access };
}
