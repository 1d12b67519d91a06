/**
 * `npm run demo:machine` interrupted and killed, and what its emulator refuses; whole it is told in `nightly/`.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, test, type TestContext } from "node:test";
import { isAlive, untilGone } from "../cluster/harness/endings.ts";
import { type DemoFiles, layOut, processesOf, start, untilBooting } from "./demo/process.ts";
import { choosePorts, makeMachine, overlay, readBootImage } from "./emulator/index.ts";
import { buildImage, leftOut, openRun } from "./harness/index.ts";

const skip = leftOut();

let files: DemoFiles;

before(async () => {
  if (skip !== false) return;
  files = { run: openRun("boot"), image: await buildImage() };
  await layOut(files);
});
after(() => files?.run.end());

describe("npm run demo:machine", { skip }, () => {
  test("ended by Ctrl-C while its machine boots, it takes the machine and all files along", async (context: TestContext) => {
    const demo = start(context, files, "ended");
    const found = await untilBooting(demo);
    demo.child.kill("SIGINT");
    assert.equal(await demo.ended, 130, demo.said());
    await untilGone(found);
    assert.deepEqual(readdirSync(demo.temporary), []);
    assert.match(demo.said(), /the demo was interrupted/u);
  });

  test("killed while its machine boots, it takes the machine and its disk along", async (context: TestContext) => {
    const demo = start(context, files, "killed");
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
    const room = { folder: files.run.folder, image: files.image.boot, ports };
    const machine = makeMachine(room, {
      ...order,
      userData: "",
      sshKeys: [],
      ipv4: undefined,
      ipv6: undefined,
    });
    await assert.rejects(
      machine.powerOn(),
      ({ code, message }: { code: string; message: string }) =>
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
    const { disk } = files.image.boot;
    assert.deepEqual(await readBootImage(disk), { disk, format: "raw" });
    const over = join(files.run.folder, "over.qcow2");
    await overlay(over, disk, "raw");
    assert.deepEqual(await readBootImage(over), { disk: over, format: "qcow2" });
  });

  test("is refused by its name where it is none, boots by UEFI alone, or is of another form", async () => {
    const text = join(files.run.folder, "text");
    writeFileSync(text, "no disk");
    // A protective MBR: the mark, and no code.
    const uefi = join(files.run.folder, "uefi.raw");
    const sector = Buffer.alloc(1024 * 1024);
    sector.writeUInt16LE(0xaa55, 510);
    writeFileSync(uefi, sector);
    const other = join(files.run.folder, "other.vmdk");
    assert.equal(spawnSync("qemu-img", ["create", "-q", "-f", "vmdk", other, "16M"]).status, 0);
    for (const [file, what] of [
      [text, `${text} is no disk that boots itself: its first sector has no boot code`],
      [uefi, `${uefi} is no disk that boots itself: its first sector has no boot code`],
      [other, `${other} is a disk image of the form vmdk`],
    ] as const)
      assert.equal(((await readBootImage(file)) as { what: string }).what, what);
    const absent = await readBootImage(join(files.run.folder, "absent"));
    assert.match("what" in absent ? absent.what : "", /absent cannot be read as a disk image: .*ENOENT/u);
  });
});
