/** The folder for backups on a machine, over a real sshd: a mounted file system, and what is none. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { systemClock } from "../../../src/core/base/index.ts";
import { testAuthority } from "../../support/certificates.ts";
import { type CliResult, podtrustHere } from "../../support/cli.ts";
import { casesOf } from "../../support/runs.ts";
import type { Shown } from "../../support/stack-world.ts";
import {
  homeEnvironment,
  hostConfig,
  publisherProgram,
  type SshHost,
  standInForPublisher,
  startSshHost,
  whyNoSshHost,
  writeRelease,
} from "../../support/ssh-host/index.ts";

const missing = whyNoSshHost("a disk of its own");
const { version } = JSON.parse(readFileSync("package.json", "utf8")) as {
  version: string;
};
const recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
const pair = await (await testAuthority()).issue(["oidc.example.com"]);

describe("the folder for backups on a machine", { skip: missing ?? false }, () => {
  let host: SshHost;
  let folder: string;

  beforeEach(async () => {
    host = await startSshHost();
    await standInForPublisher(host);
    folder = await mkdtemp(join(tmpdir(), "podtrust-backup-folder-"));
    await writeRelease(join(folder, "release"), version, publisherProgram("first"));
    await writeFile(join(folder, "tls.crt"), pair.certificate);
    await writeFile(join(folder, "tls.key"), pair.key);
    await writeFile(
      join(folder, "podtrust.yaml"),
      `${hostConfig(host)}
publisher:
  release: release
  https: {certificateFile: tls.crt, keyFile: tls.key}
  backup: {recipients: [${recipient}], folder: /usr/local/backups}
`,
    );
  });
  afterEach(async () => {
    await host.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const podtrust = (...args: readonly string[]): Promise<CliResult> =>
    podtrustHere(args, { cwd: folder, env: homeEnvironment(folder), clock: systemClock });
  const up = (): Promise<CliResult> => podtrust("up", "--only", "publisher", "--yes");
  const backups = (path = ""): string => join(host.root, "usr/local/backups", path);
  const calls = async (): Promise<string> => (await host.file("run/stand-in/calls")) ?? "";
  async function fields(): Promise<readonly string[]> {
    const { out, err } = await podtrust("plan", "--only", "publisher", "--json");
    assert.ok(out !== "", err);
    return (JSON.parse(out) as Shown).changes.flatMap((change) => change.fields.map(({ field }) => field));
  }

  /** Refused by name, by plan and up alike, with nothing of the machine changed. */
  async function assertRefused(message: RegExp, next: RegExp): Promise<void> {
    for (const command of [podtrust("plan", "--only", "publisher"), up()]) {
      const { code, out, err } = await command;
      assert.equal(code, 1, out);
      assert.match(out + err, /backup-folder/u);
      assert.match(err + out, message);
      assert.match(err + out, next);
    }
    assert.equal(await host.file("etc/podtrust/publisher.yaml"), undefined);
    assert.equal(existsSync(join(host.root, "opt/podtrust")), false);
    assert.equal(await calls(), "");
  }

  test("on the machine's own disk is refused before anything is changed, with what to mount", async () => {
    await assertRefused(
      /\/usr\/local lies on the file system of the publisher's state/u,
      /Mount a disk or share on the machine .*nofail/u,
    );
    assert.equal(existsSync(backups()), false);
  });

  test("on a mounted one is made, the service may write into it alone, and a second up finds nothing to do", async () => {
    await host.small("usr/local", "16m");
    const { code, err, out } = await up();
    assert.equal(code, 0, err);
    const [signers = ""] = /^ {4}backupSigners: \[ed25519:[\w-]{43}\]$/mu.exec(out) ?? [];
    assert.notEqual(signers, "", out);
    // As JSON, and by a plan that was saved: the same key.
    const json = JSON.parse((await podtrust("up", "--only", "publisher", "--yes", "--json")).out) as object;
    assert.match(signers, new RegExp((json as { backupSigner?: string }).backupSigner ?? "no member", "u"));
    assert.equal((await podtrust("plan", "--only", "publisher", "-o", "saved.plan")).code, 0);
    const saved = await podtrust("up", "saved.plan");
    assert.ok(saved.out.includes(signers), saved.out + saved.err);
    const { mode, uid } = statSync(backups());
    assert.deepEqual([mode & 0o777, uid], [0o700, 0]);
    const unit = (await host.file("etc/systemd/system/podtrust-publisher.service")) ?? "";
    assert.match(unit, /^ReadWritePaths=-\/usr\/local\/backups$/mu);
    const config = (await host.file("etc/podtrust/publisher.yaml")) ?? "";
    assert.match(config, /folder: \/usr\/local\/backups\n {4}keep: 30\n {4}otherFileSystem: true/u);
    assert.deepEqual(await fields(), []);

    // The service's own by now, with a backup in it, as expected.
    await chown(backups(), 61_235, 61_235);
    await writeFile(backups("prod-publisher-2026-11-01T120000000Z.age"), "sealed");
    assert.deepEqual(await fields(), []);

    // Taken away by hand, it is made anew, and the service starts anew: it sees folders as they were at its start.
    await rm(backups(), { recursive: true });
    assert.deepEqual(await fields(), ["folder"]);
    await writeFile(join(host.root, "run/stand-in/calls"), "");
    // The line that up has printed is of the machine's own key, which stays, and is printed no more where it stands.
    const text = readFileSync(join(folder, "podtrust.yaml"), "utf8");
    await writeFile(join(folder, "podtrust.yaml"), `${text}${signers.slice(2)}\n`);
    const again = await up();
    assert.deepEqual([again.code, again.out.includes("backupSigners")], [0, false], again.out);
    assert.match(await calls(), /^systemctl try-restart podtrust-publisher\.service$/mu);
    assert.deepEqual(await fields(), []);

    // The way down leaves it, and says so.
    await writeFile(backups("prod-publisher-2026-11-01T120000000Z.age"), "sealed");
    const down = await podtrust("down", "--only", "publisher", "--yes");
    assert.equal(down.code, 0, down.err);
    assert.match(
      down.out + down.err,
      /the backups in \/usr\/local\/backups stay on the machine: podtrust deletes none/u,
    );
    assert.deepEqual(await readdir(backups()), ["prod-publisher-2026-11-01T120000000Z.age"]);
    assert.equal(await host.file("etc/podtrust/publisher.yaml"), undefined);
  });

  const refusals = [
    [
      "that others can write into",
      async () => {
        await mkdir(backups());
        await chmod(backups(), 0o777);
      },
      /backups belongs to user 0 and has mode 777/u,
      /chmod go-w/u,
    ],
    [
      "of another user",
      async () => {
        await mkdir(backups());
        await chown(backups(), 1000, 1000);
      },
      /backups belongs to user 1000/u,
      /chown root/u,
    ],
    [
      "that is a link",
      async () => {
        await mkdir(join(host.root, "usr/local/elsewhere"));
        await symlink("elsewhere", backups());
      },
      /\/usr\/local\/backups is a symbolic link/u,
      /by the path that it leads to/u,
    ],
    [
      "that is a file",
      () => writeFile(backups(), ""),
      /backups is a regular empty file/u,
      /a folder of its own/u,
    ],
    [
      "below one of another user",
      () => chown(join(host.root, "usr/local"), 1000, 1000),
      /\/usr\/local belongs to user 1000/u,
      /Give it to root alone/u,
    ],
    [
      "on a disk that is mounted to be read alone",
      () => execFileSync("mount", ["-o", "remount,ro", join(host.root, "usr/local")]),
      /\/usr\/local is mounted to be read alone/u,
      /Mount it for writing/u,
    ],
  ] as const;
  for (const [what, prepare, message, next] of casesOf(refusals, 3)) {
    test(`${what} is refused by name, with what to do`, async () => {
      await host.small("usr/local", "16m");
      await prepare();
      await assertRefused(message, next);
    });
  }

  test("whose file system keeps no owners is not made", async () => {
    await host.small("usr/local", "16m");
    await host.program("chown", 'case "$*" in *backups*) exit 1 ;; esac; exec /bin/chown "$@"');
    const { code, err } = await up();
    assert.equal(code, 1);
    assert.match(err, /cannot make \/usr\/local\/backups: its file system keeps no owners of files/u);
    assert.equal(existsSync(backups()), false);
  });

  test("is none where backups go into a bucket: the key for it is root's file, the service's alone, and not the person's own", async () => {
    const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    const keyOf = (id: string): string =>
      `[default]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`;
    const file = join(folder, "podtrust.yaml");
    const s3 = "s3: {bucket: example-backups, region: eu-central-1, credentialsFile: backup-credentials}";
    await writeFile(file, readFileSync(file, "utf8").replace("folder: /usr/local/backups", s3));
    // The person's own key is no machine's.
    await mkdir(join(folder, ".aws"));
    for (const name of [".aws/credentials", "backup-credentials"])
      await writeFile(join(folder, name), keyOf("AKIAIOSFODNN7EXAMPLE"), { mode: 0o600 });
    const own = await up();
    assert.equal(own.code, 2, own.err);
    assert.match(
      own.err,
      /holds the access key AKIAIOSFODNN7EXAMPLE, with which podtrust itself works here/u,
    );
    assert.match(own.err, /s3:PutObject on that bucket alone/u);

    await writeFile(join(folder, "backup-credentials"), keyOf("AKIAI44QH8DHBEXAMPLE"), { mode: 0o600 });
    await host.watch();
    const { code, err } = await up();
    assert.equal(code, 0, err);
    const { mode, uid } = statSync(join(host.root, "etc/podtrust/publisher/backup-credentials"));
    assert.deepEqual([mode & 0o777, uid], [0o600, 0]);
    const given = "run/credentials/podtrust-publisher.service/backup-credentials";
    assert.match((await host.file(given)) ?? "", /AKIAI44QH8DHBEXAMPLE/u);
    const config = (await host.file("etc/podtrust/publisher.yaml")) ?? "";
    assert.match(config, new RegExp(`credentialsFile: /${given}`, "u"));
    for (const text of [config, await calls(), ...(await host.sessions()).map(({ script }) => script)])
      assert.ok(!text.includes(secret));
    assert.deepEqual(await fields(), []);
    await writeFile(join(folder, "backup-credentials"), keyOf("AKIAIZZZZZZZZEXAMPLE"), { mode: 0o600 });
    assert.deepEqual(await fields(), ["file backup-credentials"]);
  });
});
