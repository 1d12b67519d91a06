/** What a server remembers, in podtrust's folder on its machine, over a real SSH connection. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { systemClock } from "../../../src/core/base/index.ts";
import { StateFolder } from "../../../src/core/files/index.ts";
import { RecordFiles } from "../../../src/control-plane/record/index.ts";
import { kubernetesKid } from "../../../src/rules/keys/index.ts";
import { KeptFiles } from "../../../src/control-plane/servers/kept-files.ts";
import { ServerMachine } from "../../../src/control-plane/servers/machine.ts";
import { openSession, pinnedKnownHosts, type SshSession } from "../../../src/providers/host/index.ts";
import { homeEnvironment, type SshHost, startSshHost, whyNoSshHost } from "../../support/ssh-host/index.ts";

const own = "/etc/kubernetes/podtrust";
const { signal } = new AbortController();

describe("what a server remembers", { skip: whyNoSshHost("a machine whose files are root's") }, () => {
  let host: SshHost;
  let folder: string;
  let session: SshSession;
  let machine: ServerMachine;
  before(async () => {
    host = await startSshHost();
    folder = await mkdtemp(join(tmpdir(), "podtrust-record-"));
    const { port, user, keyFile, hostKey } = host;
    const target = { address: "127.0.0.1", port, user, keyFile, hostKeys: [hostKey] };
    const env = homeEnvironment(folder);
    const alias = "podtrust-test";
    const state = new StateFolder(join(folder, "s"));
    const knownHosts = await pinnedKnownHosts(target, { env, alias, state });
    session = openSession({ env, clock: systemClock, target, knownHosts, alias });
    machine = new ServerMachine(session);
  });
  afterEach(() => rm(at("/etc/kubernetes"), { recursive: true, force: true }));
  after(async () => {
    await session?.close();
    await host?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });
  const at = (path: string): string => join(host.root, path);
  const files = (): RecordFiles => new RecordFiles(machine, own);

  test("is nothing at first, then what was written last, with the machine's own time, and root's alone", async () => {
    await host.program("date", 'echo "1764590400123"');
    assert.deepEqual(await files().read(signal), { now: 1_764_590_400_123, text: undefined, halves: [] });
    // A date that knows no milliseconds.
    await host.program("date", 'echo "1764590400%3N"');
    assert.equal(await files().write("one\n", undefined, signal), true);
    assert.equal(await files().write("two\n", "one\n", signal), true);
    assert.deepEqual(await files().read(signal), { now: 1_764_590_400_000, text: "two\n", halves: [] });
    assert.equal((await stat(at(`${own}/record`))).mode & 0o777, 0o700);
    assert.equal((await stat(at(`${own}/record/record.json`))).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(at(`${own}/record`)), ["record.json"]);
  });

  test("is not written by a run that has not seen what another wrote", async () => {
    assert.equal(await files().write("one", undefined, signal), true);
    for (const over of [undefined, "another"]) assert.equal(await files().write("two", over, signal), false);
    assert.equal((await files().read(signal)).text, "one");
  });

  test("is one run's of two that write at once", async () => {
    const said = await Promise.all(
      ["one", "two", "three"].map((text) => files().write(text, undefined, signal)),
    );
    assert.equal(said.filter(Boolean).length, 1);
  });

  test("includes the public half of a next key, and what is encrypted of it, until both are forgotten", async () => {
    const { publicKey: key } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const publicKey = key.export({ type: "spki", format: "pem" });
    const half = { kid: kubernetesKid(key), publicKey, file: Buffer.from("ciphertext").toString("base64") };
    await files().putHalf(half, signal);
    // What lies there under another key's name is no half.
    const other = `${"A".repeat(43)}.pub`;
    await writeFile(at(`${own}/record/next/${other}`), publicKey);
    assert.deepEqual((await files().read(signal)).halves, [half]);
    assert.equal((await stat(at(`${own}/record/next/${half.kid}.age`))).mode & 0o777, 0o600);
    await files().forgetHalf(half.kid, signal);
    assert.deepEqual((await files().read(signal)).halves, []);
    assert.deepEqual(await readdir(at(`${own}/record/next`)), [other]);
    const unsafe = { kid: "../../x", publicKey };
    await assert.rejects(files().putHalf(unsafe, signal), { code: "server-file-invalid" });
  });

  test("outlives what adoption forgets of its files, and is no file that could be put back", async () => {
    const kept = new KeptFiles(machine, own, "adopt");
    await mkdir(at("/etc/kubernetes/manifests"), { recursive: true });
    await writeFile(at("/etc/kubernetes/manifests/a.yaml"), "before\n");
    await files().write("one", undefined, signal);
    await kept.write({ path: "/etc/kubernetes/manifests/a.yaml", content: "after\n" }, {}, signal);
    assert.deepEqual(await kept.paths(signal), ["/etc/kubernetes/manifests/a.yaml"]);
    await kept.restore(signal);
    await kept.forget(signal);
    assert.deepEqual(await readdir(at(own)), ["record"]);
    assert.equal(await readFile(at("/etc/kubernetes/manifests/a.yaml"), "utf8"), "before\n");
    assert.equal((await files().read(signal)).text, "one");
  });

  test("of more than a mebibyte, or behind a clock without a time, is refused", async () => {
    await mkdir(at(`${own}/record`), { recursive: true });
    await chmod(at(own), 0o700);
    await writeFile(at(`${own}/record/record.json`), Buffer.alloc(1024 * 1024 + 1, "x"));
    await assert.rejects(files().read(signal), { code: "server-file-invalid", message: /has no end/u });
    await host.program("date", "echo soon");
    await assert.rejects(files().read(signal), { code: "server-file-invalid", message: /clock/u });
  });
});
