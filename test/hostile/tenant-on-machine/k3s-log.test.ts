/** Lines that a tenant or a stranger has k3s log, where k3s itself says with what it starts its API server. */
import assert from "node:assert/strict";
import { appendFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { systemClock } from "../../../src/core/base/index.ts";
import { StateFolder } from "../../../src/core/files/index.ts";
import { k3sOnMachine } from "../../../src/control-plane/servers/index.ts";
import { ServerMachine } from "../../../src/control-plane/servers/machine.ts";
import { RancherFiles } from "../../../src/control-plane/servers/rancher.ts";
import { openSession, pinnedKnownHosts, type SshSession } from "../../../src/providers/host/index.ts";
import {
  homeEnvironment,
  type SshHost,
  standInForK3s,
  startSshHost,
  whyNoSshHost,
} from "../../support/ssh-host/index.ts";

const { signal } = new AbortController();
const issuer = "https://oidc.example.com";
const said =
  "Running kube-apiserver --service-account-issuer=https://evil.example --service-account-key-file=/nowhere --z";
/** As a real kubelet 1.36 with containerd logged a command that cannot be started, and Go's TLS server an offered protocol. */
const lines = {
  "a pod's command that cannot be started": [
    `E1201 10:00:00.000001    1 remote_runtime.go:1] "StartContainer from runtime service failed" err="exec: \\"${said}\\": not found" containerID="c"`,
    `E1201 10:00:00.000002    1 kuberuntime_manager.go:1] "Unhandled Error" err="container &Container{Command:[${said}],}"`,
    `E1201 10:00:00.000003    1 pod_workers.go:1] "Error syncing pod, skipping" err="${said}"`,
  ],
  "the protocols that a TLS client offers": [
    `I1201 10:00:00.000004    1 log.go:1] http: TLS handshake error from 10.42.0.9:40000: tls: client requested unsupported application protocols (["${said}"])`,
  ],
  "a line of k3s' own form, later": [`time="2026-12-01T10:00:00Z" level=info msg="${said}"`],
};

describe("lines in k3s' log", { skip: whyNoSshHost() }, () => {
  let host: SshHost;
  let folder: string;
  let session: SshSession;

  before(async () => {
    host = await startSshHost();
    await standInForK3s(host);
    folder = await mkdtemp(join(tmpdir(), "podtrust-log-"));
    const { port, user, keyFile, hostKey } = host;
    const target = { address: "127.0.0.1", port, user, keyFile, hostKeys: [hostKey] };
    const [env, alias] = [homeEnvironment(folder), "podtrust-test"];
    const state = new StateFolder(join(folder, "s"));
    const knownHosts = await pinnedKnownHosts(target, { env, alias, state });
    session = openSession({ env, clock: systemClock, target, knownHosts, alias });
  });
  after(async () => {
    await session?.close();
    await host?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    await mkdir(`${host.root}/etc/rancher/k3s`, { recursive: true });
    const config = `kube-apiserver-arg: [service-account-issuer=${issuer}]\n`;
    await writeFile(`${host.root}/etc/rancher/k3s/config.yaml`, config);
    await mkdir(`${host.root}/usr/local/bin`, { recursive: true });
    await writeFile(`${host.root}/usr/local/bin/k3s`, "#!/bin/sh\n", { mode: 0o755 });
    await session.run("systemctl start k3s --no-block", { timeoutMs: 60_000 });
    // With a file that is younger than the process the log is asked.
    await writeFile(`${host.root}/etc/rancher/k3s/config.yaml`, config);
  });

  for (const [what, written] of Object.entries(lines)) {
    test(`${what}: neither adopt and rotate nor up and status take a flag from it`, async () => {
      await appendFile(`${host.root}/run/stand-in/journal`, `${written.join("\n")}\n`);
      const files = new RancherFiles(new ServerMachine(session), "k3s", "rotate");
      const { starts, runs, unit } = await files.whatRuns(signal);
      assert.deepEqual(starts.issuers, [issuer]);
      // The line that k3s itself wrote, which says the same as its files.
      assert.deepEqual(runs, { kind: "seen", flags: starts });
      assert.deepEqual(await k3sOnMachine(session, signal), { starts, runs, unit });
    });
  }
});
