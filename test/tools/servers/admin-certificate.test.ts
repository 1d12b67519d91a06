/** The administrator that a control plane node has for itself, read over a real SSH connection. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { systemClock } from "../../../src/core/base/index.ts";
import { StateFolder } from "../../../src/core/files/index.ts";
import { adminCertificate } from "../../../src/control-plane/servers/admin-certificate.ts";
import { ServerMachine } from "../../../src/control-plane/servers/machine.ts";
import { openSession, pinnedKnownHosts, type SshSession } from "../../../src/providers/host/index.ts";
import { homeEnvironment, type SshHost, startSshHost, whyNoSshHost } from "../../support/ssh-host/index.ts";

const { signal } = new AbortController();
const encoded = (text: string): string => Buffer.from(text).toString("base64");

/** As kubeadm writes it: another user stands beside the one that its context names. */
const kubeconfig = JSON.stringify({
  "current-context": "admin@c",
  contexts: [{ name: "admin@c", context: { cluster: "c", user: "admin" } }],
  users: [
    { name: "other", user: { "client-certificate-data": encoded("no"), "client-key-data": encoded("no") } },
    {
      name: "admin",
      user: { "client-certificate-data": encoded("CERTIFICATE"), "client-key-data": encoded("KEY") },
    },
  ],
});

describe("a control plane node's own administrator", { skip: whyNoSshHost("files that are root's") }, () => {
  let host: SshHost;
  let folder: string;
  let session: SshSession;
  let machine: ServerMachine;
  before(async () => {
    host = await startSshHost();
    folder = await mkdtemp(join(tmpdir(), "podtrust-admin-"));
    const { port, user, keyFile, hostKey } = host;
    const target = { address: "127.0.0.1", port, user, keyFile, hostKeys: [hostKey] };
    const [env, alias] = [homeEnvironment(folder), "podtrust-test"];
    const state = new StateFolder(join(folder, "s"));
    const knownHosts = await pinnedKnownHosts(target, { env, alias, state });
    session = openSession({ env, clock: systemClock, target, knownHosts, alias });
    machine = new ServerMachine(session);
  });
  after(async () => {
    await session?.close();
    await host?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  for (const [distribution, path] of [
    ["kubeadm", "/etc/kubernetes/admin.conf"],
    ["k3s", "/etc/rancher/k3s/k3s.yaml"],
    ["rke2", "/etc/rancher/rke2/rke2.yaml"],
  ] as const)
    test(`is the client certificate of ${path}, and nothing where that has none`, async () => {
      const read = () => adminCertificate(machine, distribution, signal);
      assert.equal(await read(), undefined);
      const file = join(host.root, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, kubeconfig);
      const { cert, key, from = "" } = (await read()) ?? {};
      assert.deepEqual([cert, key], ["CERTIFICATE", "KEY"]);
      assert.ok(from.startsWith(`${path} of `));
      // A token there would end with the key as well.
      await writeFile(file, kubeconfig.replaceAll("client-certificate-data", "token"));
      assert.equal(await read(), undefined);
    });
});
