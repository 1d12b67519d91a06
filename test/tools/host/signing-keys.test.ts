import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { systemClock } from "../../../src/core/base/index.ts";
import { KeyFolder } from "../../../src/signer/index.ts";
import { podtrustChild, podtrustHere } from "../../support/cli.ts";
import {
  homeEnvironment,
  hostConfig,
  type SshHost,
  startSshHost,
  whyNoSshHost,
} from "../../support/ssh-host/index.ts";

const missing = whyNoSshHost("a machine whose files are root's");

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
      "known-hosts",
      "only-with-the-datastore",
      "service.key",
    ]);
    assert.equal(await readFile(join(folder, "back/service.key"), "utf8"), key);
    assert.equal(
      await readFile(join(folder, "back/only-with-the-datastore/k3s-token"), "utf8"),
      "K10abc::server:def\n",
    );
    assert.match(back.out, /only together with a copy of that cluster's datastore/u);
    assert.equal((await stat(join(folder, "back/service.key"))).mode & 0o777, 0o600);
    const again = await podtrust("restore", ...open, "--to", "back");
    assert.match(again.err, /there is a file of that name/u);
  });
});

describe("what podtrust's signers on control planes sign with", { skip: missing ?? false }, () => {
  let hosts: readonly [SshHost, SshHost];
  let folder: string;
  before(async () => {
    hosts = [await startSshHost(), await startSshHost()];
    folder = await mkdtemp(join(tmpdir(), "podtrust-signers-"));
    const servers = hosts.map(
      ({ port, user, hostKey, keyFile }) =>
        `{ssh: {address: 127.0.0.1, port: ${port}, user: ${user}, hostKey: "${hostKey}"}, sshKey: ${keyFile}}`,
    );
    await writeFile(
      join(folder, "podtrust.yaml"),
      `stack: prod
issuer: https://oidc.example.com
cluster: {kubeconfig: nowhere, servers: [${servers.join(", ")}]}
`,
    );
  });
  after(async () => {
    for (const host of hosts) await host.stop();
    await rm(folder, { recursive: true });
  });

  const podtrust = (...args: readonly string[]) =>
    podtrustHere(args, { cwd: folder, env: homeEnvironment(folder), clock: systemClock });
  const state = ({ root }: SshHost): string => join(root, "var/lib/podtrust-signer");
  const save = ["backup", "create", "--with-signing-keys", "--recipient"];

  test("is saved over SSH from the one that has all of it, no key on a screen or in a script, and becomes a state folder", async () => {
    const made = await podtrust("backup", "keygen", "--output", "identity.txt", "--json");
    const { recipient } = JSON.parse(made.out) as { recipient: string };
    const none = await podtrust(...save, recipient, "--output", "none.age");
    assert.match(none.err, /no key of podtrust's signer in \/var\/lib\/podtrust-signer of cluster\.servers/u);

    const [one, two] = hosts.map((host) => new KeyFolder(state(host), systemClock));
    assert.ok(one !== undefined && two !== undefined);
    const current = await one.create("ES256");
    const pem = (await one.folder.readSecret(`${current.kid}.pem`)) ?? "";
    await two.importSigner(pem, "sa.key");
    // The next key has not come to the first one yet.
    const next = await two.create("ES256");
    await hosts[1].watch();
    const saved = await podtrust(...save, recipient, "--output", "signing.age");
    assert.equal(saved.code, 0, saved.err);
    const line = pem.split("\n")[1] ?? "";
    const seen = [saved.out, saved.err, await readFile(join(folder, "signing.age"), "latin1")];
    for (const { script } of await hosts[1].sessions()) seen.push(script);
    assert.ok(!seen.some((text) => text.includes(line)));

    const open = ["signing.age", "--identity", "identity.txt"];
    assert.match(
      (await podtrust("backup", "verify", ...open)).out,
      /signer\.json, for \/var\/lib\/podtrust-signer/u,
    );
    const back = await podtrust("restore", ...open, "--to", "back");
    assert.equal(back.code, 0, back.err);
    const restored = new KeyFolder(join(folder, "back/signer"), systemClock);
    assert.deepEqual(await restored.read(), await two.read());
    for (const { kid } of [current, next])
      assert.equal(await restored.folder.readSecret(`${kid}.pem`), await two.folder.readSecret(`${kid}.pem`));

    const other = await one.create("ES256");
    const torn = await podtrust(...save, recipient, "--output", "torn.age");
    assert.match(torn.err, /^code: +signer-state$/mu);
    assert.match(torn.err, new RegExp(`the signers have different keys: .*${other.kid}`, "u"));
  });

  test("is an untrusted list: a name that leads out of the folder is refused before any machine is asked for it", async () => {
    const list = join(state(hosts[0]), "keys.json");
    const ring = (await readFile(list, "utf8")).replace(/"file:[^"]*"/u, '"file:../../../etc/passwd"');
    await writeFile(list, ring);
    await hosts[0].watch();
    const recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
    const { code, err } = await podtrust(...save, recipient, "--output", "led.age");
    assert.deepEqual([code, /^code: +signer-state$/mu.test(err)], [1, true], err);
    for (const { script } of await hosts[0].sessions()) assert.ok(!script.includes("passwd"));
  });
});
