/** Keys that are made on control plane machines and go from one to another, over a real SSH connection with real openssl. */
import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { systemClock } from "../../../src/core/base/index.ts";
import { StateFolder } from "../../../src/core/files/index.ts";
import { MachineKeys } from "../../../src/control-plane/servers/machine-keys.ts";
import { ServerMachine } from "../../../src/control-plane/servers/machine.ts";
import { openSession, pinnedKnownHosts, type SshSession } from "../../../src/providers/host/index.ts";
import { newIdentity, readIdentities } from "../../../src/core/age/index.ts";
import { makeSealedKey, openSealedKey } from "../../../src/control-plane/rotation/sealed-key.ts";
import { kubernetesKid } from "../../../src/rules/keys/index.ts";
import { homeEnvironment, type SshHost, startSshHost, whyNoSshHost } from "../../support/ssh-host/index.ts";

const { signal } = new AbortController();

describe("keys on machines", { skip: whyNoSshHost("a machine whose files are root's") }, () => {
  let host: SshHost;
  let folder: string;
  let session: SshSession;
  let machine: ServerMachine;

  before(async () => {
    host = await startSshHost();
    folder = await mkdtemp(join(tmpdir(), "podtrust-keys-"));
    const { port, user, keyFile, hostKey } = host;
    const target = { address: "127.0.0.1", port, user, keyFile, hostKeys: [hostKey] };
    const env = homeEnvironment(folder);
    const alias = "podtrust-test";
    const state = new StateFolder(join(folder, "s"));
    const knownHosts = await pinnedKnownHosts(target, { env, alias, state });
    session = openSession({ env, clock: systemClock, target, knownHosts, alias });
    machine = new ServerMachine(session);
    for (const name of ["one", "two"]) await mkdir(join(host.root, `/etc/keys/${name}`), { recursive: true });
  });
  after(async () => {
    await session?.close();
    await host?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  const at = (path: string): string => join(host.root, path);
  const keysAt = (name: string): MachineKeys => new MachineKeys(machine, `/etc/keys/${name}`);

  for (const algorithm of ["ES256", "RS256"] as const) {
    test(`are made under Kubernetes' kid, readable by root alone, and only their public half is answered (${algorithm})`, async () => {
      const { kid, publicKey } = await keysAt("one").make(algorithm, signal);
      const file = at(`/etc/keys/one/podtrust-sa-${kid}.key`);
      assert.equal(kubernetesKid(createPrivateKey(await readFile(file))), kid);
      assert.equal((await stat(file)).mode & 0o777, 0o600);
      assert.match(publicKey, /^-----BEGIN PUBLIC KEY-----/u);
      assert.ok((await keysAt("one").list(signal)).some((key) => key.kid === kid));
      await keysAt("one").forget(kid, signal);
      await keysAt("one").forget(kid, signal);
      assert.deepEqual(await keysAt("one").list(signal), []);
    });
  }

  test("go from one machine to another as ciphertext, and what is on the way is left nowhere", async () => {
    const [one, two] = [keysAt("one"), keysAt("two")];
    const { kid } = await one.make("ES256", signal);
    const secret = await readFile(at(`/etc/keys/one/podtrust-sa-${kid}.key`), "utf8");
    const sealed = await one.seal(kid, await two.recipient(signal), signal);
    assert.match(sealed, /^-----BEGIN CMS-----/u);
    await two.take(kid, sealed, signal);
    assert.equal(await readFile(at(`/etc/keys/two/podtrust-sa-${kid}.key`), "utf8"), secret);
    assert.deepEqual(await readdir(at("/etc/keys/two")), [`podtrust-sa-${kid}.key`]);
    assert.deepEqual(await readdir(at("/etc/keys/one")), [`podtrust-sa-${kid}.key`]);
  });

  test("are refused where they are another key than was said, and where their kid is no kid", async () => {
    const [one, two] = [keysAt("one"), keysAt("two")];
    const [first, other] = [await one.make("ES256", signal), await one.make("ES256", signal)];
    const sealed = await one.seal(other.kid, await two.recipient(signal), signal);
    await assert.rejects(two.take(first.kid, sealed, signal), /another key/u);
    const held = await two.list(signal);
    assert.ok(held.every(({ kid }) => kid !== first.kid && kid !== other.kid));
    await assert.rejects(one.forget("../../shadow", signal), { code: "server-file-invalid" });
  });

  test("that were encrypted to a recipient reach a machine as they were made, and no other in their place", async () => {
    const { identity, recipient } = newIdentity();
    const { kid, sealed } = await makeSealedKey("ES256", [recipient]);
    const secret = await openSealedKey(kid, sealed, readIdentities(identity));
    const two = keysAt("two");
    const { kid: other } = await keysAt("one").make("ES256", signal);
    await assert.rejects(two.put(other, secret, signal), /another key/u);
    await assert.rejects(openSealedKey(other, sealed, readIdentities(identity)), {
      code: "rotation-refused",
    });
    await two.put(kid, secret, signal);
    const file = at(`/etc/keys/two/podtrust-sa-${kid}.key`);
    assert.equal(kubernetesKid(createPrivateKey(await readFile(file))), kid);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    const held = await two.list(signal);
    assert.ok(held.some((key) => key.kid === kid) && held.every((key) => key.kid !== other));
  });

  test("are kept from the file that signs now, so that the way back stays open", async () => {
    const { kid } = await keysAt("one").make("RS256", signal);
    const kept = await keysAt("two").keep(`/etc/keys/one/podtrust-sa-${kid}.key`, signal);
    assert.equal(kept.kid, kid);
    assert.ok((await keysAt("two").list(signal)).some((key) => key.kid === kid));
  });
});
