/**
 * `npm run demo:machine`, as a person without any right types it: a whole process of a user who is nobody,
 * with a disk image, a k3s and a release in files.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test, type TestContext } from "node:test";
import type { PodtrustError } from "../../src/core/base/index.ts";
import { choosePorts, makeMachine, overlay, readBootImage } from "./emulator/index.ts";
import { isAlive, untilGone } from "../cluster/harness/endings.ts";
import { buildImage, leftOut, type MachineImage, openRun, type Run } from "./harness/index.ts";
import { release, thisPodtrust } from "./harness/podtrust.ts";
import { noHome } from "../support/nowhere.ts";
import { until } from "../support/until.ts";

const skip = leftOut();
const nobody = 65_534;

let run: Run;
let image: MachineImage;

before(async () => {
  if (skip !== false) return;
  run = openRun("boot");
  image = await buildImage();
  // The user who is nobody finds here what he names, and no more.
  chmodSync(run.folder, 0o755);
  copyFileSync(image.k3s, join(run.folder, "k3s"));
  chmodSync(join(run.folder, "k3s"), 0o644);
  await release(thisPodtrust, join(run.folder, "release"));
});
after(() => run?.end());

interface Started {
  readonly child: ChildProcess;
  /** All that it makes is made in here. */
  readonly temporary: string;
  readonly said: () => string;
  /** Resolves with how it ended. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** Starts the demo as nobody, with a folder of its own for all that it makes. */
function start(context: TestContext, name: string): Started {
  const temporary = join(run.folder, name);
  mkdirSync(temporary);
  chownSync(temporary, nobody, nobody);
  const files = ["--image", image.boot.disk, "--k3s", join(run.folder, "k3s"), "--release"];
  const demo = [
    process.execPath,
    join(import.meta.dirname, "demo", "main.ts"),
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
function processesOf(folder: string): readonly number[] {
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
async function untilBooting({ temporary, said, child }: Started): Promise<readonly number[]> {
  await until(
    "a machine is started",
    () => {
      assert.equal(child.exitCode, null, `it has ended: ${said()}`);
      return /server\/k3s-cluster created/u.test(said());
    },
    { detail: said },
  );
  const found = processesOf(temporary);
  const emulators = found.filter((pid) => readFileSync(`/proc/${pid}/cmdline`, "latin1").startsWith("qemu-"));
  assert.equal(emulators.length, 1, `${found.join(" ")}: no emulator runs`);
  return found;
}

describe("npm run demo:machine", { skip }, () => {
  test("tells the guide's seven steps on a machine that boots, without root, and leaves nothing behind", async (context: TestContext) => {
    const begun = performance.now();
    const demo = start(context, "whole");
    const uid = /^Uid:\s+(\d+)/mu.exec(readFileSync(`/proc/${(await untilBooting(demo))[0]}/status`, "utf8"));
    assert.equal(uid?.[1], String(nobody));
    const how = await demo.ended;
    const said = demo.said();
    context.diagnostic(`${((performance.now() - begun) / 1000).toFixed(0)} s`);
    assert.equal(how, 0, said);
    assert.deepEqual(said.match(/^Step \d: .*$/gmu), [
      "Step 1: Dedicated Domain Name",
      "Step 2: A Live Kubernetes Cluster",
      "Step 3: Bootstrap the Cluster",
      "Step 4: Fetch the TLS Certificate",
      "Step 5: Expose OIDC Configuration to the Internet",
      "Step 6: Add the OIDC Provider to AWS",
      "Step 7: Test the Setup",
    ]);
    for (const line of [
      /^ +host\/k3s-cluster\/k3s created$/mu,
      /^ +host\/k3s-cluster\/publisher created$/mu,
      /^ +dns\/\S+\.podtrust\.example\/CAA created$/mu,
      /the cluster at https:\/\/127\.0\.0\.1:\d+, as system:admin/u,
      /its certificate came over ACME HTTP-01 from [^]*stand-in/u,
      /GetCallerIdentity answers arn:aws:sts::\d+:assumed-role\//u,
      /denied: another ServiceAccount[^]*AccessDenied/u,
      /^One workload got credentials, 5 attempts were denied/mu,
      /8 things deleted; nothing of it is left in either cloud/u,
    ])
      assert.match(said, line);
    assert.deepEqual([processesOf(demo.temporary), readdirSync(demo.temporary)], [[], []]);
  });

  test("ended by Ctrl-C while its machine boots, it takes the machine and all files along", async (context: TestContext) => {
    const demo = start(context, "ended");
    const found = await untilBooting(demo);
    demo.child.kill("SIGINT");
    assert.equal(await demo.ended, 130, demo.said());
    await untilGone(found);
    assert.deepEqual(readdirSync(demo.temporary), []);
    assert.match(demo.said(), /the demo was interrupted/u);
  });

  test("killed while its machine boots, it takes the machine and its disk along", async (context: TestContext) => {
    const demo = start(context, "killed");
    const found = await untilBooting(demo);
    demo.child.kill("SIGKILL");
    assert.equal(await demo.ended, "SIGKILL");
    await untilGone(found);
    const [left = ""] = readdirSync(demo.temporary).filter((name) => name.startsWith("podtrust-boot-"));
    assert.deepEqual(
      readdirSync(join(demo.temporary, left)).filter((name) => name.startsWith("k3s-cluster-")),
      [],
    );
    assert.ok(found.every((pid) => !isAlive(pid)));
  });
});

test(
  "an emulator that cannot be started says why, and leaves no process",
  { skip },
  async (context: TestContext) => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    context.after(() => taken.close());
    const { port } = taken.address() as { port: number };
    const ports = { ...(await choosePorts()), 443: port };
    const order = { id: 7, name: "late", architecture: "x86", image: "debian-12", location: "nbg1" } as const;
    const room = { folder: run.folder, image: image.boot, ports };
    const machine = makeMachine(room, {
      ...order,
      userData: "",
      sshKeys: [],
      ipv4: undefined,
      ipv6: undefined,
    });
    await assert.rejects(
      machine.powerOn(),
      ({ code, message }: PodtrustError) =>
        code === "emulator-failed" && message.includes(`127.0.0.1:${port}-:443`),
    );
    assert.equal(machine.isOn(), false);
    const { folder } = await machine.spec();
    assert.deepEqual(processesOf(folder), []);
    await machine.remove();
    assert.equal(existsSync(folder), false);
  },
);

describe("a disk image", { skip }, () => {
  test("is taken where its first sector has boot code, raw or as an overlay in qcow2", async () => {
    const { disk } = image.boot;
    assert.deepEqual(await readBootImage(disk), { disk, format: "raw" });
    const over = join(run.folder, "over.qcow2");
    await overlay(over, disk, "raw");
    assert.deepEqual(await readBootImage(over), { disk: over, format: "qcow2" });
  });

  test("is refused by its name where it is none, boots by UEFI alone, or is of another form", async () => {
    const text = join(run.folder, "text");
    writeFileSync(text, "no disk");
    // A protective MBR: the mark, and no code.
    const uefi = join(run.folder, "uefi.raw");
    const sector = Buffer.alloc(1024 * 1024);
    sector.writeUInt16LE(0xaa55, 510);
    writeFileSync(uefi, sector);
    const other = join(run.folder, "other.vmdk");
    assert.equal(spawnSync("qemu-img", ["create", "-q", "-f", "vmdk", other, "16M"]).status, 0);
    for (const [file, what] of [
      [text, `${text} is no disk that boots itself: its first sector has no boot code`],
      [uefi, `${uefi} is no disk that boots itself: its first sector has no boot code`],
      [other, `${other} is a disk image of the form vmdk`],
    ] as const)
      assert.equal(((await readBootImage(file)) as { what: string }).what, what);
    const absent = await readBootImage(join(run.folder, "absent"));
    assert.match("what" in absent ? absent.what : "", /absent cannot be read as a disk image: .*ENOENT/u);
  });
});
