/** The keys of three k3s servers that share a datastore, changed over real SSH connections: one server stores them, and each restarts. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { systemClock } from "../../../src/core/base/index.ts";
import { StateFolder } from "../../../src/core/files/index.ts";
import { machineKeyFile } from "../../../src/control-plane/servers/machine-keys.ts";
import { ServerMachine } from "../../../src/control-plane/servers/machine.ts";
import { RancherFiles } from "../../../src/control-plane/servers/rancher.ts";
import type { KeyChange } from "../../../src/control-plane/servers/index.ts";
import { openSession, pinnedKnownHosts, type SshSession } from "../../../src/providers/host/index.ts";
import { kubernetesKid } from "../../../src/rules/keys/index.ts";
import {
  homeEnvironment,
  k3sProgram,
  type SshHost,
  standInForK3s,
  startSshHost,
  whyNoSshHost,
} from "../../support/ssh-host/index.ts";

const { signal } = new AbortController();
const data = "/var/lib/rancher/k3s/server";
const service = `${data}/tls/service.key`;

interface SharingServer {
  readonly host: SshHost;
  readonly session: SshSession;
  readonly files: RancherFiles;
}

async function startServer(folder: string, name: string): Promise<SharingServer> {
  const host = await startSshHost();
  await standInForK3s(host);
  const put = async (path: string, text: string, mode = 0o600): Promise<void> => {
    await mkdir(join(host.root, dirname(path)), { recursive: true });
    await writeFile(join(host.root, path), text, { mode });
  };
  await put("/usr/local/bin/k3s", k3sProgram("v1.36.4+k3s1"), 0o755);
  await put("/etc/rancher/k3s/config.yaml", "token: shared\n");
  await put(`${data}/cred/passwd`, "shared\n");
  await put("/run/stand-in/datastore", join(folder, "datastore.json"));
  const { port, user, keyFile, hostKey } = host;
  const target = { address: "127.0.0.1", port, user, keyFile, hostKeys: [hostKey] };
  const [env, alias] = [homeEnvironment(folder), `podtrust-${name}`];
  const knownHosts = await pinnedKnownHosts(target, {
    env,
    alias,
    state: new StateFolder(join(folder, name)),
  });
  const session = openSession({ env, clock: systemClock, target, knownHosts, alias });
  await session.run("systemctl start k3s --no-block", { timeoutMs: 60_000 });
  return { host, session, files: new RancherFiles(new ServerMachine(session), "k3s", "rotate") };
}

describe("three servers of k3s on one datastore", { skip: whyNoSshHost() }, () => {
  let folder: string;
  let servers: readonly SharingServer[];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-shared-"));
    const started: SharingServer[] = [];
    for (const name of ["cp-1", "cp-2", "cp-3"]) started.push(await startServer(folder, name));
    servers = started;
  });
  after(async () => {
    for (const { host, session } of servers ?? []) {
      await session.close();
      await host.stop();
    }
    await rm(folder, { recursive: true, force: true });
  });

  /** One move: the first server stores the list, and the others take it by a restart. */
  async function moved(change: KeyChange): Promise<void> {
    for (const [index, { files }] of servers.entries())
      await files.writeKeys({ ...change, isStored: index > 0 }, signal);
  }

  const kids = (): Promise<readonly unknown[]> =>
    Promise.all(
      servers.map(async ({ files }) => {
        const { verifiers, signer } = await files.readKeys(signal);
        return [verifiers.map(({ kid }) => kid), signer.kid];
      }),
    );
  const thrice = (one: unknown): readonly unknown[] => [one, one, one];

  test("take a next key, sign with it and forget the one before, each move stored once by k3s' own command on one of them", async () => {
    const [first] = servers;
    assert.ok(first !== undefined);
    const { signer: old, verifiers } = await first.files.readKeys(signal);
    assert.deepEqual(await kids(), thrice([[old.kid], old.kid]));
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const [kid, open] = [kubernetesKid(publicKey), publicKey.export({ type: "spki", format: "pem" })];
    const secret = join(first.host.root, machineKeyFile(dirname(service), kid));
    await mkdir(dirname(secret), { recursive: true });
    await writeFile(secret, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    const oldOpen = (
      await first.session.run(`openssl rsa -in ${service} -pubout 2>/dev/null`, { timeoutMs: 60_000 })
    ).stdout;
    assert.equal(verifiers.length, 1);
    for (const { host } of servers) await host.watch();

    await moved({ verifiers: [oldOpen, open] });
    assert.deepEqual(await kids(), thrice([[old.kid, kid], old.kid]));
    await moved({ verifiers: [open, oldOpen], signerThere: { kid, publicKey: open } });
    assert.deepEqual(await kids(), thrice([[kid, old.kid], kid]));
    await moved({ verifiers: [open] });
    assert.deepEqual(await kids(), thrice([[kid], kid]));

    const stored: number[] = [];
    for (const { host } of servers) {
      const calls = (await host.file("/run/stand-in/calls")) ?? "";
      assert.equal(calls.split("systemctl restart --no-block k3s.service\n").length - 1, 3);
      assert.doesNotMatch((await host.file("/run/stand-in/journal")) ?? "", /level=fatal/u);
      const sessions = await host.sessions();
      stored.push(sessions.filter(({ script }) => script.includes("rotate-ca")).length);
    }
    assert.deepEqual(stored, [3, 0, 0]);
  });
});
