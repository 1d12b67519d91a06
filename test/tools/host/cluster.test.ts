/** The API of a machine's cluster, reached through a real SSH connection; the cluster is a stand-in. */
import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, test } from "node:test";
import { defined } from "../../../src/core/base/index.ts";
import { type StandInCluster, startStandInCluster } from "../../../src/sandbox/cluster/index.ts";
import { type CliResult, podtrustChild } from "../../support/cli.ts";
import { freePort } from "../../support/free-port.ts";
import {
  homeEnvironment,
  hostConfig,
  type SshHost,
  startSshHost,
  whyNoSshHost,
} from "../../support/ssh-host/index.ts";

const missing = whyNoSshHost();
const options = defined({ skip: missing });

let host: SshHost;
let cluster: StandInCluster;
let folder: string;

before(async () => {
  if (missing !== undefined) return;
  host = await startSshHost();
  cluster = await startStandInCluster({ issuer: "https://oidc.example.com" });
  cluster.addServiceAccount("aws-test", "demo");
  folder = await mkdtemp(join(tmpdir(), "podtrust-cluster-"));
  await mkdir(join(host.root, "etc/rancher/k3s"), { recursive: true });
  await writeFile(join(host.root, "etc/rancher/k3s/k3s.yaml"), cluster.kubeconfig());
  await mkdir(join(folder, "bin"));
  await writeFile(join(folder, "bin", "kubectl"), '#!/bin/sh\necho "$*"\ncat "$KUBECONFIG"\nexit 5\n');
  await chmod(join(folder, "bin", "kubectl"), 0o755);
  await writeFile(join(folder, "podtrust.yaml"), hostConfig(host));
});
after(async () => {
  await host?.stop();
  await cluster?.close();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

const env = (): Record<string, string> => ({
  ...homeEnvironment(folder),
  PATH: `${join(folder, "bin")}${delimiter}${process.env["PATH"] ?? ""}`,
});

const podtrust = (...args: string[]): Promise<CliResult> => podtrustChild(args, { cwd: folder, env: env() });

test("commands that need a cluster find the machine's own through SSH, and end", options, async () => {
  const { code, out, err } = await podtrust("token", "aws-test/demo", "-f", "podtrust.yaml");
  assert.equal(code, 0, err);
  assert.match(out, /system:serviceaccount:aws-test:demo/u);
});

test("status reads the machine's cluster through SSH", options, async () => {
  const { out } = await podtrust("status", "--only", "cluster", "--json");
  assert.match(out, /"https:\/\/127\.0\.0\.1:\d+"|127\.0\.0\.1/u);
  assert.doesNotMatch(out, /"link":"cluster","state":"failed"/u);
});

test(
  "podtrust kubectl passes its words on, with a kubeconfig that leads through SSH, and exits as it does",
  options,
  async () => {
    const { code, out, err } = await podtrust("kubectl", "get", "pods", "-A", "-f", "x", "--json", "-v", "6");
    assert.equal(code, 5, err);
    const [words, ...kubeconfig] = out.split("\n");
    assert.equal(words, "get pods -A -f x --json -v 6");
    const server = /server: (https:\/\/127\.0\.0\.1:\d+)/u.exec(kubeconfig.join("\n"))?.[1] ?? "";
    assert.ok(server !== "" && server !== cluster.url, server);
    assert.match(kubeconfig.join("\n"), /current-context: prod/u);
  },
);

test(
  "a tunnel leads to the API until it is ended, and leaves the person's kubeconfig alone",
  options,
  async () => {
    const port = await freePort();
    let status = 0;
    let kubeconfig = "";
    let asked: Promise<void> | undefined;
    const { code, out, err } = await podtrustChild(["tunnel", "--port", String(port)], {
      cwd: folder,
      env: env(),
      onOutput(said, kill) {
        kubeconfig = /export KUBECONFIG=(.+)\n/u.exec(said)?.[1] ?? "";
        if (kubeconfig === "") return;
        asked ??= (async () => {
          assert.equal((await stat(kubeconfig)).mode & 0o777, 0o600);
          process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
          status = (await fetch(`https://127.0.0.1:${port}/version`)).status;
          delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
        })().finally(() => kill("SIGINT"));
      },
    });
    await asked;
    assert.equal(code, 0, out + err);
    assert.ok(status > 0);
    await assert.rejects(stat(kubeconfig));
    await assert.rejects(stat(join(folder, ".kube", "config")));
  },
);

test("a tunnel merges a context named after the stack into the kubeconfig when asked", options, async () => {
  const port = await freePort();
  const { code, err } = await podtrustChild(["tunnel", "--merge", "--port", String(port)], {
    cwd: folder,
    env: env(),
    onOutput(said, kill) {
      if (said.includes("kubectl --context prod")) kill("SIGTERM");
    },
  });
  assert.equal(code, 0, err);
  const merged = await readFile(join(folder, ".kube", "config"), "utf8");
  assert.match(merged, /name: prod/u);
  assert.match(merged, new RegExp(`server: https://127\\.0\\.0\\.1:${port}`, "u"));
});

test("podtrust logs shows a unit's journal, and a wrong name is met with the nearest", options, async () => {
  await host.program("journalctl", 'echo "journal of: $*"');
  const shown = await podtrust("logs", "k3s", "-n", "7");
  assert.equal(shown.code, 0, shown.err);
  assert.equal(shown.out, "journal of: --no-pager -o short-iso -n 7 -u k3s\n");
  const { code, err } = await podtrust("logs", "k3");
  assert.equal(code, 2);
  assert.match(err, /Did you mean k3s\?/u);
});

test("a machine without k3s is named as that", options, async () => {
  await rm(join(host.root, "etc/rancher/k3s/k3s.yaml"));
  const { code, err } = await podtrust("kubectl", "get", "nodes");
  assert.equal(code, 1);
  assert.match(err, /has no k3s yet/u);
});
