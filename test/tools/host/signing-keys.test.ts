import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { podtrustChild } from "../../support/cli.ts";
import {
  homeEnvironment,
  hostConfig,
  type SshHost,
  startSshHost,
  whyNoSshHost,
} from "../../support/ssh-host/index.ts";

const missing = whyNoSshHost();

describe("what the cluster on a machine signs with", { skip: missing ?? false }, () => {
  let host: SshHost;
  let folder: string;
  before(async () => {
    host = await startSshHost();
    folder = await mkdtemp(join(tmpdir(), "podtrust-signing-"));
  });
  after(async () => {
    await host.stop();
    await rm(folder, { recursive: true });
  });

  test("is saved over SSH in a file that its identity alone opens, and comes back byte for byte with where it belongs", async () => {
    await writeFile(join(folder, "podtrust.yaml"), hostConfig(host));
    const options = { cwd: folder, env: homeEnvironment(folder) };
    const podtrust = (...args: readonly string[]) => podtrustChild(args, options);
    const made = await podtrust("backup", "keygen", "--output", "identity.txt", "--json");
    const { recipient } = JSON.parse(made.out) as { recipient: string };
    const save = [
      "backup",
      "create",
      "--with-signing-keys",
      "--recipient",
      recipient,
      "--output",
      "signing.age",
    ];
    const none = await podtrust(...save);
    assert.deepEqual([none.code, /^code: +backup-empty$/mu.test(none.err)], [1, true], none.err);

    const server = join(host.root, "var/lib/rancher/k3s/server");
    await mkdir(join(server, "tls"), { recursive: true });
    const key = "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    await writeFile(join(server, "tls/service.key"), key, { mode: 0o600 });
    await writeFile(join(server, "token"), "K10abc::server:def\n", { mode: 0o600 });
    const saved = await podtrust(...save);
    assert.equal(saved.code, 0, saved.err);
    assert.doesNotMatch(saved.out + saved.err, /PRIVATE|K10abc/u);
    assert.doesNotMatch(await readFile(join(folder, "signing.age"), "latin1"), /PRIVATE|K10abc/u);

    const open = ["signing.age", "--identity", "identity.txt"];
    assert.match((await podtrust("backup", "verify", ...open)).out, /service\.key, for \/var\/lib\/rancher/u);
    const nowhere = await podtrust("restore", ...open);
    assert.deepEqual([nowhere.code, /--to DIR/u.test(nowhere.err)], [2, true], nowhere.err);
    const back = await podtrust("restore", ...open, "--to", "back");
    assert.equal(back.code, 0, back.err);
    assert.match(
      back.out,
      /back\/service\.key belongs in \/var\/lib\/rancher\/k3s\/server\/tls\/service\.key/u,
    );
    assert.deepEqual((await readdir(join(folder, "back"))).sort(), [
      "k3s-token",
      "known-hosts",
      "service.key",
    ]);
    assert.equal(await readFile(join(folder, "back/service.key"), "utf8"), key);
    assert.equal(await readFile(join(folder, "back/k3s-token"), "utf8"), "K10abc::server:def\n");
    assert.equal((await stat(join(folder, "back/service.key"))).mode & 0o777, 0o600);
    const again = await podtrust("restore", ...open, "--to", "back");
    assert.match(again.err, /there is a file of that name/u);
  });
});
