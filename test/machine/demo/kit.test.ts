import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { podtrustHere, podtrustHost } from "../../support/cli.ts";
import { MachineError } from "../error.ts";
import { runTree } from "../../../src/core/command-line/index.ts";
import { machineDemo, workloadProgram } from "./command.ts";
import { type BootFiles, bootKit } from "./kit.ts";

let folder: string;
const release = (): BootFiles["release"] => ({ folder: join(folder, "release"), version: "1.2.3" });

/** What the error lists, the programs of this machine left out: they may be here or not. */
async function lacking(files: Partial<BootFiles>): Promise<string> {
  const error: unknown = await bootKit({ release: release(), ...files }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof MachineError, String(error));
  assert.equal<string>(error.code, "demo-boot-missing");
  return error.message;
}

test("what runs the workload of npm run demo:machine knows the command job", () => {
  const [program = "", ...first] = workloadProgram;
  const { status, stdout } = spawnSync(program, [...first, "job", "--help"], { encoding: "utf8" });
  assert.equal(status, 0);
  assert.match(stdout, /--path/u);
});

describe("a machine that boots is refused before anything is made", () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-kit-"));
  });

  after(() => rm(folder, { recursive: true, force: true }));

  test("where files are missing, in one error that lists all of them with what to do about each", async () => {
    const message = await lacking({});
    for (const line of [
      /^no disk image is named; name with --image FILE a cloud image/mu,
      /^no k3s is named; name with --k3s FILE the release's binary for amd64/mu,
      /^\S+\/release has no publisher of podtrust 1\.2\.3 for x64; run npm run release -- publisher-linux-x64/mu,
    ])
      assert.match(message, line);
  });

  test("where QEMU and ssh are not in PATH, with the packages that bring them", async () => {
    const { PATH } = process.env;
    process.env["PATH"] = folder;
    try {
      const message = await lacking({});
      for (const line of [
        /^qemu-system-x86_64 is not in PATH; install QEMU .*qemu-system-x86/mu,
        /^qemu-img is not in PATH; .*qemu-utils/mu,
        /^ssh is not in PATH; .*openssh-client/mu,
      ])
        assert.match(message, line);
    } finally {
      process.env["PATH"] = PATH;
    }
  });

  test("by a k3s that is a script, a program of another processor, or not there, each by its name", async () => {
    const head = Buffer.alloc(64);
    head.write("\x7FELF\x02\x01", "latin1");
    // AArch64 (System V ABI, e_machine).
    head.writeUInt16LE(183, 18);
    await writeFile(join(folder, "k3s-arm64"), head);
    await writeFile(join(folder, "install.sh"), "#!/bin/sh\necho k3s version v1.36.4+k3s1\n");
    for (const name of ["k3s-arm64", "install.sh"])
      assert.match(
        await lacking({ k3s: join(folder, name) }),
        new RegExp(`^\\S+/${name} is no program of Linux for amd64; name the release's binary`, "mu"),
      );
    assert.match(
      await lacking({ k3s: join(folder, "absent") }),
      /^\S+\/absent cannot be used as k3s: .*ENOENT/mu,
    );
  });

  test(
    "by a program that is no k3s",
    {
      skip:
        process.platform === "linux" && process.arch === "x64"
          ? false
          : "no program of Linux for amd64 runs here",
    },
    async () => {
      const message = await lacking({ k3s: process.execPath });
      assert.match(message, /does not say which k3s it is/u);
    },
  );

  test("by a release of which another file was built", async () => {
    const { folder: place } = release();
    const name = "podtrust-publisher-1.2.3-linux-x64";
    const sum = "0".repeat(64);
    const other = await mkdtemp(join(folder, "other-"));
    await writeFile(join(other, `${name}.zst`), "another");
    await writeFile(join(other, `${name}.zst.sha256`), `${sum}  ${name}.zst\n${sum}  ${name}\n`);
    const message = await lacking({ release: { version: "1.2.3", folder: other } });
    assert.match(
      message,
      /\.zst has the SHA-256 [0-9a-f]{64}, and 0{64} stands beside it; run npm run release/u,
    );
    assert.ok(!message.includes(place));
  });

  test("by podtrust demo itself, which boots no machine", async () => {
    const { code, err } = await podtrustHere(["demo", "--from-nothing", "--boot"]);
    assert.equal(code, 2);
    assert.match(err, /unknown option '--boot'/u);
  });

  test("by npm run demo:machine with nothing named, which lists all that is lacking", async () => {
    let err = "";
    const host = { ...podtrustHost(), stderr: { write: (text: string) => (err += text) } };
    assert.equal(await runTree([], host, machineDemo), 1);
    assert.match(err, /^error: npm run demo:machine lacks \d+ things:$/mu);
    assert.match(err, /no disk image is named/u);
    assert.match(err, /no k3s is named/u);
  });
});
