/** A machine whose disk is full or fills: real small disks below a real sshd; k3s and systemd are stand-ins there. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { defined, systemClock } from "../../../src/core/base/index.ts";
import { type CliResult, podtrustHere } from "../../support/cli.ts";
import { casesOf } from "../../support/runs.ts";
import {
  homeEnvironment,
  hostConfig,
  pinnedArchives,
  pinnedCli,
  type SshHost,
  whyNoSshHost,
  hostForEachTest,
} from "../../support/ssh-host/index.ts";

const missing = whyNoSshHost("a disk of its own");
const options = defined({ skip: missing });

let host: SshHost;
let folder: string;

hostForEachTest("disk", missing, async (made) => {
  ({ host, folder } = made);
  const archives = await pinnedArchives(folder, { cilium: await pinnedCli(folder), bytes: 256 * 1024 });
  await writeFile(join(folder, "podtrust.yaml"), `${hostConfig(host)}${archives}\n`);
});

const podtrust = (...args: string[]): Promise<CliResult> =>
  podtrustHere(args, { cwd: folder, env: homeEnvironment(folder), clock: systemClock });
const up = (): Promise<CliResult> => podtrust("up", "--only", "k3s", "--yes");

/** Files, as the machine's sessions see them. */
const files = (...folders: string[]): string =>
  execFileSync("find", [...folders, "-type", "f"], { cwd: host.root, encoding: "utf8" });

// Space that is there for the check, and not for the write: the disk fills meanwhile.
const muchRoom =
  'echo "Filesystem 1024-blocks Used Available Capacity Mounted-on"; echo "/dev/x 99999999 1 99999998 1% /"';

for (const [path, need] of [
  ["usr/local", /\/usr\/local\/bin for its binaries/u],
  ["var/lib", /2048 MiB in \/var\/lib\/rancher for its images and data/u],
] as const) {
  test(
    `a disk at /${path} without room for k3s is found before anything is written, with what is needed and what is free`,
    options,
    async () => {
      await host.small(path, "8m");
      const before = files("etc", path);
      const { code, err } = await up();
      assert.equal(code, 1);
      assert.match(err, /host-disk-full/u);
      assert.match(err, /the disk has [78] MiB free, and needed are/u);
      assert.match(err, need);
      assert.match(err, /Make room there/u);
      assert.equal(files("etc", path), before);
    },
  );
}

const fillingDisks = [
  ["usr/local", "128k"],
  ["var/lib", "128k"],
] as const;
for (const [path, size] of casesOf(fillingDisks, 2)) {
  test(
    `a disk of ${size} at /${path} that fills in the middle leaves nothing in part, and with more room up ends`,
    options,
    async () => {
      await host.small(path, size);
      await host.program("df", muchRoom);
      const { code, err } = await up();
      assert.equal(code, 1);
      assert.match(err, /host-disk-full.*|no space is left on the disk/u);
      const found = files("etc", "usr", "var");
      assert.doesNotMatch(found, /podtrust-new|incoming\/./u);
      assert.doesNotMatch(found, /bin\/cilium/u);
      host.resize(path, "16m");
      const again = await up();
      assert.equal(again.code, 0, again.err);
      assert.equal((await podtrust("plan", "--check", "--only", "k3s")).code, 0);
    },
  );
}
