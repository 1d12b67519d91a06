/** What leaves a control plane node after a theft, over a real SSH connection: every copy of a key but the fresh one. */
import assert from "node:assert/strict";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { systemClock } from "../../../src/core/base/index.ts";
import { StateFolder } from "../../../src/core/files/index.ts";
import { openSession, pinnedKnownHosts, type SshSession } from "../../../src/providers/host/index.ts";
import { kubernetesKid } from "../../../src/rules/keys/index.ts";
import { KubeadmFiles } from "../../../src/control-plane/servers/kubeadm.ts";
import { MachineKeys } from "../../../src/control-plane/servers/machine-keys.ts";
import { ServerMachine } from "../../../src/control-plane/servers/machine.ts";
import { homeEnvironment, type SshHost, startSshHost, whyNoSshHost } from "../../support/ssh-host/index.ts";

const { signal } = new AbortController();
const pki = "/etc/kubernetes/pki";
const managerManifest = "/etc/kubernetes/manifests/kube-controller-manager.yaml";
const manager = `apiVersion: v1
kind: Pod
metadata: {name: kube-controller-manager}
spec:
  securityContext: {runAsUser: 2000, runAsGroup: 2001}
  containers:
  - name: kube-controller-manager
    command: [kube-controller-manager, --service-account-private-key-file=${pki}/sa.key]
`;

describe("after a theft", { skip: whyNoSshHost("a machine whose files are root's") }, () => {
  let host: SshHost;
  let folder: string;
  let session: SshSession;
  let machine: ServerMachine;

  before(async () => {
    host = await startSshHost();
    folder = await mkdtemp(join(tmpdir(), "podtrust-end-keys-"));
    const { port, user, keyFile, hostKey } = host;
    const target = { address: "127.0.0.1", port, user, keyFile, hostKeys: [hostKey] };
    const env = homeEnvironment(folder);
    const state = new StateFolder(join(folder, "s"));
    const knownHosts = await pinnedKnownHosts(target, { env, alias: "end", state });
    session = openSession({ env, clock: systemClock, target, knownHosts, alias: "end" });
    machine = new ServerMachine(session);
  });
  after(async () => {
    await session?.close();
    await host?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  const at = (path: string): string => join(host.root, path);
  const kidIn = async (path: string): Promise<string> =>
    kubernetesKid(createPublicKey(await readFile(at(path), "utf8")));

  test("kubeadm's own key files hold the fresh key, other keys and kept copies are gone, and the controller manager restarts", async () => {
    await mkdir(at(pki), { recursive: true });
    await mkdir(at("/etc/kubernetes/manifests"), { recursive: true });
    await writeFile(at(managerManifest), manager, { mode: 0o600 });
    const keys = new MachineKeys(machine, pki);
    const [stolen, spare, fresh] = [
      await keys.make("RS256", signal),
      await keys.make("ES256", signal),
      await keys.make("ES256", signal),
    ];
    const secret = await readFile(at(`${pki}/podtrust-sa-${stolen.kid}.key`), "utf8");
    await writeFile(at(`${pki}/sa.key`), secret, { mode: 0o600 });
    await writeFile(at(`${pki}/sa.pub`), stolen.publicKey, { mode: 0o644 });
    await writeFile(at(`${pki}/podtrust-sa-${spare.kid}.pub`), spare.publicKey, { mode: 0o644 });
    const files = new KubeadmFiles(machine, "rotate");
    const said = (await files.endKeys(fresh.kid, signal)).join("\n");

    assert.match(said, /sa\.key and .*sa\.pub hold .* now/u);
    assert.match(said, /its controller manager restarts/u);
    assert.deepEqual([await kidIn(`${pki}/sa.key`), await kidIn(`${pki}/sa.pub`)], [fresh.kid, fresh.kid]);
    assert.equal(createPrivateKey(await readFile(at(`${pki}/sa.key`), "utf8")).type, "private");
    // Its group reads it; the host's chown is a stand-in, so which one is not seen here.
    assert.equal((await stat(at(`${pki}/sa.key`))).mode & 0o777, 0o640);
    const left = (await readdir(at(pki))).filter((name) => !name.startsWith("sa."));
    assert.deepEqual(left, [`podtrust-sa-${fresh.kid}.key`]);
    const manifest = await readFile(at(managerManifest), "utf8");
    assert.match(manifest, new RegExp(`podtrust.dev/signing-key"?: "?${fresh.kid}`, "u"));
    assert.match(manifest, /--service-account-private-key-file/u);
    // Nothing that puts files back has the stolen key.
    assert.equal(await files.previous(signal), undefined);
    assert.deepEqual((await files.endKeys(fresh.kid, signal)).length, 2);
  });

  test("the kubelet is restarted for new tokens, once", async () => {
    await host.program("systemctl", 'mkdir -p /run/stand-in; echo "systemctl $*" >>/run/stand-in/calls');
    assert.equal(await new KubeadmFiles(machine, "rotate").restartKubelet(signal), true);
    assert.equal(await host.file("/run/stand-in/calls"), "systemctl restart --no-block kubelet\n");
  });

  test("nothing is changed where the fresh key is not on the machine", async () => {
    const there = await readdir(at(pki));
    const absent = "A".repeat(43);
    await assert.rejects(
      new KubeadmFiles(machine, "rotate").endKeys(absent, signal),
      /is not on this machine/u,
    );
    assert.deepEqual(await readdir(at(pki)), there);
  });
});
