/** What a server of k3s or RKE2 will be started with and what runs, over a real SSH connection to stand-ins. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { systemClock } from "../../../src/core/base/index.ts";
import { StateFolder } from "../../../src/core/files/index.ts";
import { ServerMachine } from "../../../src/control-plane/servers/machine.ts";
import { RancherFiles } from "../../../src/control-plane/servers/rancher.ts";
import { openSession, pinnedKnownHosts, type SshSession } from "../../../src/providers/host/index.ts";
import type { MachineRuns } from "../../../src/rules/distribution/index.ts";
import {
  busctl,
  homeEnvironment,
  type SshHost,
  standInForK3s,
  startSshHost,
  whyNoSshHost,
} from "../../support/ssh-host/index.ts";

const { signal } = new AbortController();
const [issuer, other] = ["https://oidc.example.com", "https://other.example.com"];
const main = "/etc/rancher/k3s/config.yaml";
const drop = `${main}.d/50-other.yaml`;
const config = `kube-apiserver-arg: [service-account-issuer=${issuer}]\n`;
// Later and earlier than whatever a test writes.
const [young, old] = [systemClock.now() + 86_400_000, 1_700_000_000_000];

describe(
  "what a server of k3s or RKE2 runs with",
  { skip: whyNoSshHost("a machine whose files are root's") },
  () => {
    let host: SshHost;
    let folder: string;
    let session: SshSession;

    before(async () => {
      host = await startSshHost();
      await standInForK3s(host);
      folder = await mkdtemp(join(tmpdir(), "podtrust-runs-"));
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

    const put = async (path: string, text: string, mode = 0o600): Promise<void> => {
      await mkdir(join(host.root, dirname(path)), { recursive: true });
      await writeFile(join(host.root, path), text, { mode });
    };
    /** Has systemd say that its process began then. */
    const began = (startedAt: number, unit = "k3s", program = "k3s"): Promise<void> =>
      host.program(
        "busctl",
        busctl({ [`${unit}.service`]: [`/usr/local/bin/${program}`, "server"] }, { startedAt }),
      );
    const runs = (distribution: "k3s" | "rke2" = "k3s"): Promise<MachineRuns> =>
      new RancherFiles(new ServerMachine(session), distribution, "rotate", "cp-1").whatRuns(signal);

    describe("that is k3s", () => {
      beforeEach(async () => {
        await put(main, config);
        await put("/usr/local/bin/k3s", "#!/bin/sh\n", 0o755);
        await session.run("systemctl start k3s --no-block", { timeoutMs: 60_000 });
      });
      afterEach(async () => {
        await rm(join(host.root, "/etc/rancher"), { recursive: true, force: true });
        await began(old);
      });

      test("is computed where its process is younger than all that it was started from", async () => {
        await began(young);
        const said = await runs();
        assert.deepEqual(said.starts.issuers, [issuer]);
        assert.equal(said.runs.kind, "computed");
      });

      test("is the first line of this start where a file is younger, whatever time it was given", async () => {
        await began(old);
        await put(drop, `kube-apiserver-arg: [service-account-issuer=${other}]\n`);
        await utimes(join(host.root, drop), 1, 1);
        const said = await runs();
        assert.deepEqual(said.starts.issuers, [other]);
        assert.ok(said.runs.kind === "seen");
        assert.deepEqual(said.runs.flags.issuers, [issuer]);
      });

      test("is not computed after a file was deleted, of which its folder alone tells", async () => {
        await put(drop, `kube-apiserver-arg: [service-account-issuer=${other}]\n`);
        // The kernel's time of a file is a few milliseconds behind, and each look takes longer.
        await began(systemClock.now() + 5);
        assert.equal((await runs()).runs.kind, "computed");
        await rm(join(host.root, drop));
        const said = await runs();
        assert.deepEqual([said.starts.issuers, said.runs.kind], [[issuer], "seen"]);
      });

      test("was not looked at where its log has lost that line, and nothing is guessed", async () => {
        await began(old);
        await writeFile(join(host.root, "/run/stand-in/journal"), "another line\n");
        const said = await runs();
        assert.ok(said.runs.kind === "not-looked-at");
        assert.match(said.runs.why, /^k3s' log has lost the line/u);
      });
    });

    test("that is RKE2 is what its manifest says where no runtime answers and that is something else", async () => {
      await began(young, "rke2-server", "rke2");
      await put("/etc/rancher/rke2/config.yaml", `kube-apiserver-arg: [service-account-issuer=${issuer}]\n`);
      const tls = "/var/lib/rancher/rke2/server/tls";
      const manifestOf = (named: string): string =>
        JSON.stringify({
          metadata: { name: "kube-apiserver" },
          spec: {
            containers: [
              {
                name: "kube-apiserver",
                command: ["kube-apiserver"],
                args: [
                  "--api-audiences=https://kubernetes.default.svc.cluster.local,rke2",
                  `--service-account-issuer=${named}`,
                  `--service-account-key-file=${tls}/service.key`,
                  `--service-account-signing-key-file=${tls}/service.current.key`,
                ],
              },
            ],
          },
        });
      const path = "/var/lib/rancher/rke2/agent/pod-manifests/kube-apiserver.yaml";
      await put(path, manifestOf(issuer));
      const same = await runs("rke2");
      assert.deepEqual([same.starts.issuers, same.runs.kind], [[issuer], "not-looked-at"]);
      await put(path, manifestOf(other));
      const said = await runs("rke2");
      assert.ok(said.runs.kind === "seen");
      assert.deepEqual(said.runs.flags.issuers, [other]);
    });
  },
);
