/** A tenant on the machine of an API server: nothing that he starts, names, binds or has logged says what runs. */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type PodtrustError, systemClock } from "../../../src/core/base/index.ts";
import { StateFolder } from "../../../src/core/files/index.ts";
import { KubeadmFiles } from "../../../src/control-plane/servers/kubeadm.ts";
import { ServerMachine } from "../../../src/control-plane/servers/machine.ts";
import { openSession, pinnedKnownHosts, type SshSession } from "../../../src/providers/host/index.ts";
import { kubeletSettings, type WhatRuns } from "../../../src/rules/distribution/index.ts";
import { freePort } from "../../support/free-port.ts";
import {
  homeEnvironment,
  hostFolders,
  type SshHost,
  startSshHost,
  whyNoSshHost,
} from "../../support/ssh-host/index.ts";
import { until } from "../../support/until.ts";

const { signal } = new AbortController();
const nodeProgram = fileURLToPath(new URL("node-stand-in.ts", import.meta.url));
const manifestPath = "/etc/kubernetes/manifests/kube-apiserver.yaml";
const issuer = "https://oidc.example.com";
const evil = ["--service-account-issuer=https://evil.example", "--service-account-key-file=/nowhere"];

const manifestOf = (flags: readonly string[]): string =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "kube-apiserver", namespace: "kube-system" },
    spec: { containers: [{ name: "kube-apiserver", command: ["kube-apiserver", ...flags] }] },
  });

describe(
  "a tenant on the machine of an API server",
  { skip: whyNoSshHost("a machine with processes of its own") },
  () => {
    let host: SshHost;
    let folder: string;
    let session: SshSession;
    let files: KubeadmFiles;
    let node: ChildProcess;
    let own: readonly string[];

    /** Has the node do something, and waits until it is done. */
    async function does(line: string): Promise<void> {
      node.stdin?.write(`${line}\n`);
      if (node.stdout !== null) await once(node.stdout, "data");
    }

    before(async () => {
      host = await startSshHost();
      folder = await mkdtemp(join(tmpdir(), "podtrust-tenant-"));
      const apiPort = await freePort();
      own = [`--service-account-issuer=${issuer}`, `--secure-port=${apiPort}`];
      await mkdir(join(host.root, dirname(manifestPath)), { recursive: true });
      await writeFile(join(host.root, manifestPath), manifestOf(own));
      const binds = hostFolders.map((one) => `mount --bind '${host.root}/${one}' '/${one}'`);
      const init = [
        "mount --make-rprivate /",
        ...binds,
        `exec '${process.execPath}' '${nodeProgram}' cp-1 ${apiPort}`,
      ].join(" && ");
      const alone = ["--mount", "--pid", "--uts", "--fork", "--kill-child", "--mount-proc", "sh", "-c", init];
      node = spawn("unshare", alone, { stdio: ["pipe", "pipe", "inherit"] });
      if (node.stdout !== null) await once(node.stdout, "data");
      const children = `/proc/${node.pid}/task/${node.pid}/children`;
      await until("the node has a process", () => readFileSync(children, "utf8").trim() !== "");
      await host.join(Number(readFileSync(children, "utf8").trim().split(" ")[0]));
      const { port, user, keyFile, hostKey } = host;
      const target = { address: "127.0.0.1", port, user, keyFile, hostKeys: [hostKey] };
      const [env, alias] = [homeEnvironment(folder), "podtrust-test"];
      const state = new StateFolder(join(folder, "s"));
      const knownHosts = await pinnedKnownHosts(target, { env, alias, state });
      session = openSession({ env, clock: systemClock, target, knownHosts, alias });
      const kubelet = { ...kubeletSettings([], []), node: "cp-1" };
      files = new KubeadmFiles(new ServerMachine(session), "rotate", kubelet);
    });
    afterEach(() => does("clear"));
    after(async () => {
      await session?.close();
      node?.stdin?.end();
      node?.kill("SIGKILL");
      await host?.stop();
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    });

    const look = (): Promise<WhatRuns> => files.whatRuns(signal);
    const noneRuns = (said: RegExp) => (error: PodtrustError) => {
      assert.equal(error.code, "server-process", error.message);
      assert.match(error.message, said);
      return true;
    };

    test("is not looked at: what runs is the process of the kubelet's own static pod that listens on the API's port", async () => {
      await does(`server ${own.join(" ")}`);
      const { starts, runs } = await look();
      assert.deepEqual(starts.issuers, [issuer]);
      assert.deepEqual(runs, { kind: "seen", flags: starts });
    });

    test("moves nothing by a process that is called kube-apiserver", async () => {
      await does(`named ${evil.join(" ")}`);
      const names = execFileSync("ps", ["-eo", "comm"], { encoding: "utf8" });
      assert.match(names, /^kube-apiserver$/mu, "his process has that name");
      await assert.rejects(look(), noneRuns(/no container of pod kube-system\/kube-apiserver-cp-1 runs/u));
      await does(`server ${own.join(" ")}`);
      const { starts, runs } = await look();
      assert.deepEqual(runs, { kind: "seen", flags: starts });
      assert.deepEqual(starts.issuers, [issuer]);
    });

    test("moves nothing by binding the API's port while the server is down, or before it listens", async () => {
      await does(`server ${own.join(" ")}`);
      await does("away");
      await does(`bound ${evil.join(" ")}`);
      await assert.rejects(look(), noneRuns(/no container of pod kube-system\/kube-apiserver-cp-1 runs/u));
    });

    test("moves nothing by a pod of the same name, be it of another namespace or from the API", async () => {
      await does(`pod ${evil.join(" ")}`);
      await assert.rejects(look(), noneRuns(/no container of pod/u));
    });

    test("gets no key file named by it: they are the manifest's", async () => {
      await does(`named ${evil.join(" ")}`);
      await writeFile(
        join(host.root, manifestPath),
        manifestOf([...own, "--service-account-key-file=/etc/kubernetes/pki/sa.pub"]),
      );
      await assert.rejects(files.readKeys(signal), (error: PodtrustError) => {
        assert.match(error.message, /\/etc\/kubernetes\/pki\/sa\.pub/u);
        assert.doesNotMatch(error.message, /nowhere/u);
        return true;
      });
      await writeFile(join(host.root, manifestPath), manifestOf(own));
    });

    test("that has put nothing between: where no runtime answers it is said, and nothing is guessed", async () => {
      await does(`server ${own.join(" ")}`);
      const deaf = { ...kubeletSettings(["--container-runtime-endpoint=/run/none.sock"], []), node: "cp-1" };
      const { runs } = await new KubeadmFiles(new ServerMachine(session), "rotate", deaf).whatRuns(signal);
      assert.ok(runs.kind === "not-looked-at");
      assert.equal(runs.why, "there is no container runtime at /run/none.sock");
      const { ctimeMs } = await stat(join(host.root, manifestPath));
      assert.equal(Math.floor(runs.startsSince / 1000), Math.floor(ctimeMs / 1000));
    });
  },
);
