/** What of `npm run test:k3s` runs without k3s: its configs, its plan and its stand-in for a cloud's metadata service. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { systemClock } from "../../../src/core/base/index.ts";
import { parseConfig } from "../../../src/config/index.ts";
import { adoptedConfig, newIssuer } from "../../k3s/live-cluster.ts";
import { issuer, k3sConfig, k3sMachine, k3sServer, kubeconfigIn, whyNoK3s } from "../../k3s/machine.ts";
import {
  metadataAddress,
  metadataPort,
  otherAddress,
  startMetadata,
  stopMetadata,
} from "../../k3s/metadata.ts";
import { type CliResult, podtrustHere } from "../../support/cli.ts";
import {
  homeEnvironment,
  pinnedArchives,
  standInForK3s,
  startSshHost,
  whyNoSshHost,
} from "../../support/ssh-host/index.ts";

const missing = whyNoSshHost();
const noNetwork =
  process.getuid?.() !== 0
    ? "a network of its own takes root"
    : spawnSync("ip", ["-V"]).status === 0
      ? undefined
      : "ip is not installed (Debian: iproute2)";

describe("the suite of real k3s", () => {
  test("without a machine, and with a name that is none, it says why it is left out", async () => {
    assert.match((await whyNoK3s({})) ?? "", /PODTRUST_K3S_MACHINE=USER@HOST, or here/u);
    assert.match((await whyNoK3s({ PODTRUST_K3S_MACHINE: "-oProxyCommand=x" })) ?? "", /neither USER@HOST/u);
    assert.equal(await whyNoK3s({ PODTRUST_K3S_MACHINE: "k8s@203.0.113.7" }), undefined);
  });

  test("the machine that is named is taken with its user, port, host key and login key", async () => {
    const machine = await k3sMachine("/nonexistent", {
      PODTRUST_K3S_MACHINE: "k8s@[2001:db8::7]:2222",
      PODTRUST_K3S_HOST_KEY: "SHA256:abc",
      PODTRUST_K3S_KEY: "/home/me/key",
    });
    const { release: _release, ...facts } = machine;
    assert.deepEqual(facts, {
      user: "k8s",
      address: "2001:db8::7",
      port: 2222,
      hostKey: "SHA256:abc",
      keyFile: "/home/me/key",
    });
  });

  test("the config with which the cluster is adopted loads, with the machine as its server and the tunnel's kubeconfig", async () => {
    const folder = await mkdtemp(join(tmpdir(), "podtrust-k3s-adopted-"));
    try {
      const machine = {
        address: "2001:db8::7",
        port: 2222,
        user: "k8s",
        hostKey: "SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDnvcQzNhOxzRbHoTw",
        keyFile: "/home/me/key",
      };
      const said =
        "The API of k3s-test is at https://127.0.0.1:1 until this ends.\nexport KUBECONFIG=/run/k/config\n";
      const kubeconfig = kubeconfigIn(said);
      assert.throws(() => kubeconfigIn("nothing"), /names no kubeconfig:\nnothing/u);
      const servers = k3sServer(machine);
      const text = adoptedConfig({ kubeconfig, servers, issuer });
      const config = await parseConfig(text, join(folder, "podtrust.yaml"), homeEnvironment(folder));
      assert.deepEqual([config.issuer, config.cluster], [newIssuer, config.publisher?.source]);
      assert.deepEqual(config.publisher?.formerIssuers, [issuer]);
      const { keyFile, ...ssh } = machine;
      assert.deepEqual(config.servers, [{ ssh, sshKey: keyFile }]);
      const own = k3sServer({ address: "203.0.113.7", port: 22, user: "root" });
      assert.equal(own, '{ssh: {address: "203.0.113.7", port: 22, user: root}}');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test(
    "the config of the suite loads without a warning, the plan is printed, and up, a check and down go through on a machine with a stand-in of k3s",
    { skip: missing ?? false },
    async () => {
      const host = await startSshHost();
      const folder = await mkdtemp(join(tmpdir(), "podtrust-k3s-suite-"));
      const podtrust = (...args: string[]): Promise<CliResult> =>
        podtrustHere(args, { cwd: folder, env: homeEnvironment(folder), clock: systemClock });
      try {
        await standInForK3s(host);
        const { port, user, hostKey, keyFile } = host;
        const machine = {
          address: "127.0.0.1",
          port,
          user,
          hostKey,
          keyFile,
          release: () => Promise.resolve(),
        };
        await writeFile(
          join(folder, "podtrust.yaml"),
          k3sConfig(machine, (await pinnedArchives(folder)).slice(1)),
        );
        const plan = await podtrust("plan");
        assert.equal(plan.code, 0, plan.err);
        assert.match(plan.out, /host\/k3s-test\/k3s/u);
        assert.doesNotMatch(plan.err, /warning/u);
        for (const args of [
          ["up", "--yes"],
          ["plan", "--check"],
          ["down", "--yes"],
        ]) {
          const { code, out, err } = await podtrust(...args);
          assert.equal(code, 0, `${args.join(" ")}: ${out}${err}`);
        }
        assert.equal(await host.file("usr/local/bin/k3s"), undefined);
      } finally {
        await host.stop();
        await rm(folder, { recursive: true, force: true });
      }
    },
  );

  test(
    "the stand-in for a metadata service answers at both addresses, and is gone afterwards",
    { skip: noNetwork ?? false },
    () => {
      const ask = (address: string): string =>
        `python3 -c 'import urllib.request; print(urllib.request.urlopen("http://${address}:${metadataPort}/", timeout=10).read().decode())'`;
      const script = `set -eu
mount -t tmpfs tmpfs /run
ip link set lo up
(${startMetadata})
${ask(metadataAddress)}
${ask(otherAddress)}
(${stopMetadata})
ip -o link | grep -c pt-meta || true
`;
      const { status, stdout, stderr } = spawnSync("unshare", ["-n", "-m", "-p", "-f", "sh"], {
        input: script,
        encoding: "utf8",
      });
      assert.equal(status, 0, stderr);
      assert.equal(stdout.replaceAll("\n\n", "\n"), "metadata\nmetadata\n0\n");
    },
  );
});
