/** The cilium command on a machine, by the commands, over a real sshd; k3s and the command itself are stand-ins there. */
import assert from "node:assert/strict";
import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { defined, systemClock } from "../../../src/core/base/index.ts";
import { type CliResult, podtrustHere } from "../../support/cli.ts";
import {
  homeEnvironment,
  hostConfig,
  pinnedArchives,
  pinnedCli,
  type SshHost,
  whyNoSshHost,
  hostForEachTest,
} from "../../support/ssh-host/index.ts";
import type { Shown } from "../../support/stack-world.ts";

const missing = whyNoSshHost();
const options = defined({ skip: missing });

let host: SshHost;
let folder: string;

hostForEachTest("cilium-cli", missing, (made) => void ({ host, folder } = made));

const program = "usr/local/bin/cilium";
const completion = "etc/bash_completion.d/podtrust-cilium";
const profile = "etc/profile.d/podtrust-kubectl.sh";
const record = "var/lib/podtrust/cilium-cli";

async function config(cilium: string): Promise<void> {
  const archives = await pinnedArchives(folder, { cilium });
  await writeFile(join(folder, "podtrust.yaml"), `${hostConfig(host)}${archives}\n`);
}

const podtrust = (...args: string[]): Promise<CliResult> =>
  podtrustHere(args, { cwd: folder, env: homeEnvironment(folder), clock: systemClock });
const up = (): Promise<CliResult> => podtrust("up", "--only", "k3s", "--yes");

async function fields(): Promise<readonly string[]> {
  const { out, err } = await podtrust("plan", "--only", "k3s", "--json");
  assert.ok(out !== "", err);
  return (JSON.parse(out) as Shown).changes.flatMap((one) => one.fields.map(({ field }) => field));
}

test(
  "the cilium command is put in place with its completion, and what was changed by hand is shown and put right",
  options,
  async () => {
    await config(await pinnedCli(folder));
    const { code, err } = await up();
    assert.equal(code, 0, err);
    assert.match((await host.file(program)) ?? "", /# v0\.18\.7/u);
    assert.equal((await stat(join(host.root, program))).mode & 0o777, 0o755);
    assert.match((await host.file(completion)) ?? "", /__start_cilium/u);
    assert.match(
      (await host.file(profile)) ?? "",
      /alias cilium="sudo KUBECONFIG=\/etc\/rancher\/k3s\/k3s\.yaml cilium"/u,
    );
    assert.equal(await host.file("var/lib/podtrust/incoming/file"), undefined);
    assert.equal(await host.file("var/lib/podtrust/incoming/program"), undefined);
    assert.deepEqual(await fields(), []);

    await writeFile(join(host.root, program), "#!/bin/sh\n# somebody's\n");
    await writeFile(join(host.root, "etc/bash_completion.d/podtrust-kubectl"), "# nothing\n");
    await writeFile(join(host.root, profile), "");
    assert.deepEqual((await fields()).toSorted(), [`/${profile}`, `/${program}`, "kubectl"]);
    const calls = join(host.root, "run/stand-in/calls");
    await writeFile(calls, "");
    const again = await up();
    assert.equal(again.code, 0, again.err);
    assert.deepEqual(await fields(), []);
    assert.match((await host.file(program)) ?? "", /# v0\.18\.7/u);
    assert.doesNotMatch(await readFile(calls, "utf8"), /start k3s/u, "k3s is not started anew for a command");
    await chmod(join(host.root, program), 0o644);
    assert.deepEqual(await fields(), [`/${program}`]);
  },
);

test(
  "another release takes the place of the one before, and none where none is asked for",
  options,
  async () => {
    await config(await pinnedCli(folder));
    await up();
    await config(await pinnedCli(folder, "v0.19.0"));
    assert.deepEqual(await fields(), [`/${program}`]);
    assert.equal((await up()).code, 0);
    assert.match((await host.file(program)) ?? "", /# v0\.19\.0/u);
    await config("");
    assert.deepEqual((await fields()).toSorted(), [`/${profile}`, `/${program}`]);
    assert.equal((await up()).code, 0);
    for (const path of [program, completion, record]) assert.equal(await host.file(path), undefined, path);
    assert.doesNotMatch((await host.file(profile)) ?? "", /cilium/u);
  },
);

test("down removes the cilium command, and leaves one that is not podtrust's", options, async () => {
  await config(await pinnedCli(folder));
  await up();
  assert.equal((await podtrust("down", "--only", "k3s", "--yes")).code, 0);
  for (const path of [program, completion, record]) assert.equal(await host.file(path), undefined, path);
  await config("");
  await writeFile(join(host.root, program), "theirs");
  assert.equal((await up()).code, 0);
  assert.equal((await podtrust("down", "--only", "k3s", "--yes")).code, 0);
  assert.equal(await host.file(program), "theirs");
});

test(
  "a cilium command that is not podtrust's is refused by name before anything is written",
  options,
  async () => {
    await config(await pinnedCli(folder));
    await mkdir(join(host.root, "usr/local/bin"), { recursive: true });
    await writeFile(join(host.root, program), "theirs");
    const { code, err } = await up();
    assert.equal(code, 1);
    assert.match(err, /\/usr\/local\/bin\/cilium is there, and is not podtrust's/u);
    assert.match(err, /leave machine\.cilium\.cli out/u);
    assert.equal(await host.file(program), "theirs");
    assert.equal(await host.file("etc/rancher/k3s/config.yaml.d/90-podtrust.yaml"), undefined);
  },
);

test("an archive that is not the pinned one is not unpacked", options, async () => {
  await config(await pinnedCli(folder));
  await writeFile(join(folder, "cilium-v0.18.7.tar.gz"), "something else");
  const { code, err } = await up();
  assert.equal(code, 1);
  assert.match(err, /host-checksum/u);
  assert.match(err, /is not the cilium command v0\.18\.7 that is pinned/u);
  for (const path of [program, record]) assert.equal(await host.file(path), undefined, path);
});

test(
  "without an archive the host downloads the release for its architecture, and a disk that fills meanwhile is named",
  options,
  async () => {
    const given = await pinnedCli(folder);
    await config(given.replace(/, archive: [^}]+/u, ""));
    const curl = (script: string): Promise<void> =>
      host.program("curl", `for word; do echo "$word" >>/run/stand-in/curl; done\n${script}`);
    await curl(`echo part >/var/lib/podtrust/incoming/file; exit 23`);
    const full = await up();
    assert.equal(full.code, 1);
    assert.match(full.err, /host-disk-full/u);
    assert.equal(await host.file("var/lib/podtrust/incoming/file"), undefined);
    await curl(`cat /opt/archive >/var/lib/podtrust/incoming/file`);
    await writeFile(join(host.root, "opt/archive"), await readFile(join(folder, "cilium-v0.18.7.tar.gz")));
    const { code, err } = await up();
    assert.equal(code, 0, err);
    const architecture = process.arch === "arm64" ? "arm64" : "amd64";
    assert.match(
      (await host.file("run/stand-in/curl")) ?? "",
      new RegExp(
        String.raw`^https://github\.com/cilium/cilium-cli/releases/download/v0\.18\.7/cilium-linux-${architecture}\.tar\.gz$`,
        "mu",
      ),
    );
    assert.match((await host.file(program)) ?? "", /# v0\.18\.7/u);
  },
);
