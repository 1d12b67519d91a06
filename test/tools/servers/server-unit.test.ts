/** The unit that starts a server of k3s, read over a real SSH connection from what systemd 252 says by busctl. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { PodtrustError, systemClock } from "../../../src/core/base/index.ts";
import { StateFolder } from "../../../src/core/files/index.ts";
import { openSession, pinnedKnownHosts, type SshSession } from "../../../src/providers/host/index.ts";
import { ServerMachine } from "../../../src/control-plane/servers/machine.ts";
import { serverUnit } from "../../../src/control-plane/servers/server-unit.ts";
import {
  busctl,
  homeEnvironment,
  type SshHost,
  startSshHost,
  whyNoSshHost,
} from "../../support/ssh-host/index.ts";

const { signal } = new AbortController();
const guide = [
  "/usr/local/bin/k3s",
  "server",
  "--kube-apiserver-arg=service-account-issuer=https://old.example.com",
];

describe("the unit of a server of k3s", { skip: whyNoSshHost() }, () => {
  let host: SshHost;
  let folder: string;
  let session: SshSession;
  let machine: ServerMachine;

  before(async () => {
    host = await startSshHost();
    folder = await mkdtemp(join(tmpdir(), "podtrust-unit-"));
    const { port, user, keyFile, hostKey } = host;
    const target = { address: "127.0.0.1", port, user, keyFile, hostKeys: [hostKey] };
    const env = homeEnvironment(folder);
    const state = new StateFolder(join(folder, "s"));
    const knownHosts = await pinnedKnownHosts(target, { env, alias: "unit", state });
    session = openSession({ env, clock: systemClock, target, knownHosts, alias: "unit" });
    machine = new ServerMachine(session);
  });
  after(async () => {
    await session?.close();
    await host?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  const refused = async (
    units: Readonly<Record<string, readonly string[]>>,
    why: RegExp,
    needsReload = false,
  ): Promise<void> => {
    await host.program("busctl", busctl(units, { needsReload }));
    await assert.rejects(serverUnit(machine, "k3s", signal), (error) => {
      assert.ok(error instanceof PodtrustError && error.code === "server-unit");
      assert.match(error.message, why);
      return true;
    });
  };

  test("is found under the name that it was installed by, beside an agent's", async () => {
    await host.program(
      "busctl",
      busctl({ "k3s-agent.service": ["/usr/local/bin/k3s", "agent"], "k3s-shop.service": guide }),
    );
    const { name, command, startedAt, mainPid } = await serverUnit(machine, "k3s", signal);
    assert.deepEqual({ name, command, mainPid }, { name: "k3s-shop.service", command: guide, mainPid: 40 });
    assert.equal(startedAt, 1_796_123_137_971);
  });

  test("is refused where there is none, or several", async () => {
    await refused({}, /no unit starts a server of k3s/u);
    await refused(
      { "k3s.service": guide, "k3s-b.service": guide },
      /k3s\.service and k3s-b\.service starts/u,
    );
  });

  test("is refused by name where OpenRC, k3d or a unit of another name starts it", async () => {
    const service = join(host.root, "/etc/init.d/k3s-shop");
    await mkdir(dirname(service), { recursive: true });
    await writeFile(service, "#!/sbin/openrc-run\n");
    await refused({ "k3s.service": guide }, /k3s runs under OpenRC \(\/etc\/init\.d\/k3s-shop\)/u);
    await rm(service);
    const own = join(host.root, "/etc/systemd/system/shop.service");
    await mkdir(dirname(own), { recursive: true });
    await writeFile(own, "[Service]\nExecStart=/opt/bin/k3s \\\n  server\n");
    await refused({}, /shop\.service starts k3s, and podtrust reads k3s\.service or k3s-\*\.service alone/u);
    await rm(own);
    const entry = join(host.root, "/usr/local/bin/k3d-entrypoint.sh");
    await mkdir(dirname(entry), { recursive: true });
    await writeFile(entry, "#!/bin/sh\n", { mode: 0o755 });
    await refused({ "k3s.service": guide }, /is k3d's container/u);
    await rm(entry);
  });

  test("is refused where the environment gives words of it, or its file is newer than what systemd read", async () => {
    await refused(
      { "k3s.service": [...guide, "$K3S_MORE"] },
      /\$K3S_MORE, whose value the environment gives/u,
    );
    await refused({ "k3s.service": guide }, /daemon-reload/u, true);
  });
});
