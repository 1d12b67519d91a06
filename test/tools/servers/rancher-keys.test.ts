/** The keys of a k3s server, changed over a real SSH connection as its own command changes them. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { type ErrorCode, PodtrustError, systemClock } from "../../../src/core/base/index.ts";
import { StateFolder } from "../../../src/core/files/index.ts";
import { openSession, pinnedKnownHosts, type SshSession } from "../../../src/providers/host/index.ts";
import { kubernetesKid } from "../../../src/rules/keys/index.ts";
import { machineKeyFile } from "../../../src/control-plane/servers/machine-keys.ts";
import { ServerMachine } from "../../../src/control-plane/servers/machine.ts";
import { RancherFiles } from "../../../src/control-plane/servers/rancher.ts";
import {
  homeEnvironment,
  k3sProgram,
  type SshHost,
  standInForK3s,
  startK3sWith,
  startSshHost,
  whyNoSshHost,
} from "../../support/ssh-host/index.ts";

const { signal } = new AbortController();
const old = "https://kubernetes.default.svc.cluster.local";
const main = "/etc/rancher/k3s/config.yaml";
const service = "/var/lib/rancher/k3s/server/tls/service.key";
const config = `kube-apiserver-arg:\n  - profiling=false\n  - service-account-issuer=${old}\n`;

/** The error of this code with which a promise is rejected. */
async function errorOf(promise: Promise<unknown>, code: ErrorCode): Promise<PodtrustError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof PodtrustError, `it was not rejected, or with ${String(error)}`);
  assert.equal(error.code, code, error.message);
  return error;
}

/** PEM of a key and of its public half, as openssl genpkey writes them. */
const pair = (
  type: "ec" | "rsa",
): { readonly secret: string; readonly open: string; readonly kid: string } => {
  const { privateKey, publicKey } =
    type === "ec"
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("rsa", { modulusLength: 2048 });
  return {
    secret: privateKey.export({ type: "pkcs8", format: "pem" }),
    open: publicKey.export({ type: "spki", format: "pem" }),
    kid: kubernetesKid(publicKey),
  };
};

describe("a server of k3s", { skip: whyNoSshHost() }, () => {
  let host: SshHost;
  let folder: string;
  let session: SshSession;
  let machine: ServerMachine;

  before(async () => {
    host = await startSshHost();
    await standInForK3s(host);
    folder = await mkdtemp(join(tmpdir(), "podtrust-rancher-"));
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

  const at = (path: string): string => join(host.root, path);
  const put = async (path: string, text: string, mode = 0o600): Promise<void> => {
    await mkdir(join(at(path), ".."), { recursive: true });
    await writeFile(at(path), text);
    await chmod(at(path), mode);
  };
  const root = (script: string) => session.run(script, { timeoutMs: 60_000 });
  const mode = async (path: string): Promise<number> => (await stat(at(path))).mode & 0o777;
  const journal = async (): Promise<string> => (await host.file("/run/stand-in/journal")) ?? "";
  const restarts = async (): Promise<number> =>
    ((await host.file("/run/stand-in/calls")) ?? "").split("systemctl restart --no-block k3s.service\n")
      .length - 1;

  beforeEach(async () => {
    await put(main, config);
    await put("/usr/local/bin/k3s", k3sProgram("v1.36.4+k3s1"), 0o755);
  });
  afterEach(async () => {
    for (const path of ["/etc/rancher", "/var/lib/rancher", "/run/stand-in"])
      await rm(at(path), { recursive: true, force: true });
    await startK3sWith(host, []);
  });

  describe("whose keys are in its datastore", () => {
    const files = (): RancherFiles => new RancherFiles(machine, "k3s", "rotate");
    const rsa = pair("rsa");
    const kids = async (): Promise<readonly unknown[]> => {
      const { verifiers, signer } = await files().readKeys(signal);
      return [verifiers.map(({ kid }) => kid), signer.kid];
    };
    /** A start three seconds later than the files of the one before were written: k3s takes less for a skew of clocks. */
    const started = async (): Promise<void> => {
      await put(main, "token: unused\n");
      await put(service, rsa.secret);
      await root("systemctl start k3s --no-block");
      await root(`touch -d '10 seconds ago' ${service}`);
    };

    test("get others by its own command, in the order given, and start with them; a private half never leaves the machine", async () => {
      const next = pair("ec");
      await started();
      await host.watch();
      await files().writeKeys({ verifiers: [rsa.open, next.open] }, signal);
      assert.deepEqual(await kids(), [[rsa.kid, next.kid], rsa.kid]);
      await put(machineKeyFile(dirname(service), next.kid), next.secret);
      const there = { kid: next.kid, publicKey: next.open };
      await files().writeKeys({ verifiers: [next.open, rsa.open], signerThere: there }, signal);
      assert.deepEqual(await kids(), [[next.kid, rsa.kid], next.kid]);
      await files().writeKeys({ verifiers: [next.open] }, signal);
      assert.deepEqual(await kids(), [[next.kid], next.kid]);
      assert.equal(await mode(service), 0o600);
      const seen = await host.sessions();
      assert.ok(seen.every(({ script }) => !script.includes("PRIVATE KEY-----\nM")));
      assert.deepEqual(await readdir(at("/etc/rancher/k3s/podtrust")), []);
      assert.equal(await restarts(), 3);
    });

    test("verify what an EC key signs, which Kubernetes takes out of no PKCS#8 block", async () => {
      const next = pair("ec");
      await started();
      await put(machineKeyFile(dirname(service), next.kid), next.secret);
      assert.match(next.secret, /BEGIN PRIVATE KEY/u);
      const there = { kid: next.kid, publicKey: next.open };
      await files().writeKeys({ verifiers: [next.open, rsa.open], signerThere: there }, signal);
      const [head = ""] = (await readFile(at(service), "utf8")).split("\n");
      assert.equal(head, "-----BEGIN EC PRIVATE KEY-----");
    });

    test("are asked where and in which folder the server runs, and taken by a restart alone where they are stored", async () => {
      await startK3sWith(host, ["--data-dir", "/var/lib/rancher/other", "--https-listen-port=7443"]);
      await put("/var/lib/rancher/other/server/tls/service.key", rsa.secret);
      await root("systemctl start k3s --no-block");
      await root("touch -d '10 seconds ago' /var/lib/rancher/other/server/tls/service.key");
      const next = pair("ec");
      const change = { verifiers: [rsa.open, next.open] };
      await files().writeKeys(change, signal);
      assert.deepEqual(await kids(), [[rsa.kid, next.kid], rsa.kid]);
      await files().writeKeys({ ...change, isStored: true }, signal);
      assert.equal(await restarts(), 2);
    });

    test("stay where k3s refuses the list, where the key at its head is another one, and where the connection is lost", async () => {
      const [next, other] = [pair("ec"), pair("ec")];
      await started();
      const listed = await readFile(at(service), "utf8");
      const there = { kid: next.kid, publicKey: next.open };
      const file = machineKeyFile(dirname(service), next.kid);
      await put(file, next.secret);
      const without = files().writeKeys({ verifiers: [next.open], signerThere: there }, signal);
      assert.match(
        (await errorOf(without, "host-command-failed")).message,
        /old ServiceAccount signing key not in/u,
      );
      await put(file, other.secret);
      const change = { verifiers: [next.open, rsa.open], signerThere: there };
      assert.match(
        (await errorOf(files().writeKeys(change, signal), "host-command-failed")).message,
        /first key of/u,
      );
      assert.equal(await restarts(), 0);
      assert.equal(await readFile(at(service), "utf8"), listed);
      assert.deepEqual(await readdir(at("/etc/rancher/k3s/podtrust")), []);
    });

    test("are replaced whole by a fresh one, with a copy for the way back, which ends with every other private half", async () => {
      const [next, spare] = [pair("ec"), pair("ec")];
      await started();
      await put(machineKeyFile(dirname(service), next.kid), next.secret);
      await put(machineKeyFile(dirname(service), spare.kid), spare.secret);
      const there = { kid: next.kid, publicKey: next.open };
      await files().writeKeys({ verifiers: [next.open], signerThere: there, isWhole: true }, signal);
      assert.deepEqual(await kids(), [[next.kid], next.kid]);
      const copies = "/etc/rancher/k3s/podtrust/theft";
      assert.equal(await mode(copies), 0o700);
      assert.match(await readFile(at(`${copies}/service.key`), "utf8"), /PRIVATE KEY/u);
      // A run that is repeated keeps the copy of before.
      const copied = await readFile(at(`${copies}/service.key`), "utf8");
      await files().writeKeys({ verifiers: [next.open], isWhole: true }, signal);
      assert.equal(await readFile(at(`${copies}/service.key`), "utf8"), copied);
      const [said = ""] = await files().endKeys(next.kid, signal);
      assert.match(said, new RegExp(`podtrust-sa-${spare.kid}\\.key are removed`, "u"));
      assert.equal(await host.file(`${copies}/service.key`), undefined);
      assert.notEqual(await host.file(machineKeyFile(dirname(service), next.kid)), undefined);
    });

    for (const runs of [true, false])
      test(`go back to those of before an answer to a theft, where the server ${runs ? "runs" : "does not run, from the copy of its datastore"}`, async () => {
        const next = pair("ec");
        await started();
        await put(machineKeyFile(dirname(service), next.kid), next.secret);
        const there = { kid: next.kid, publicKey: next.open };
        await files().writeKeys({ verifiers: [next.open], signerThere: there, isWhole: true }, signal);
        if (!runs) await rm(at("/run/stand-in/supervisor"));
        await files().putKeysBack(signal);
        assert.deepEqual(await kids(), [[rsa.kid], rsa.kid]);
        assert.doesNotMatch(await journal(), /level=fatal/u);
        // Whatever starts it takes the same.
        await root("systemctl restart --no-block k3s.service");
        assert.deepEqual(await kids(), [[rsa.kid], rsa.kid]);
        assert.deepEqual(await readdir(at("/etc/rancher/k3s/podtrust")), []);
      });

    test("are given back by another server that still runs with them, which itself is not restarted", async () => {
      await started();
      const listed = await readFile(at(service), "utf8");
      const change = { verifiers: [], isStored: true };
      assert.equal(await files().storeOwnKeys(signal), true);
      assert.equal(await restarts(), 0);
      await files().writeKeys(change, signal);
      assert.equal(await readFile(at(service), "utf8"), listed);
      await errorOf(files().putKeysBack(signal), "host-command-failed");
    });

    test("keep it from starting where something else writes its file: the rule that its own command keeps", async () => {
      await started();
      await put(service, rsa.secret + pair("ec").open);
      await root(`touch -d "+10 seconds" ${service}`);
      await root("systemctl restart --no-block k3s.service");
      assert.match(
        await journal(),
        /level=fatal msg="\/var\/lib\/rancher\/k3s\/server\/tls\/service\.key newer than datastore/u,
      );
    });
  });

  test("are not changed where the unit's command line names an issuer: the API server would end on one that comes twice", async () => {
    await startK3sWith(host, [`--kube-apiserver-arg=service-account-issuer=${old}`]);
    const files = new RancherFiles(machine, "k3s", "rotate");
    const { message } = await errorOf(files.writeKeys({ verifiers: [] }, signal), "server-start");
    assert.match(message, /the second time by the command line of its unit/u);
    assert.deepEqual([await readFile(at(main), "utf8"), await restarts()], [config, 0]);
  });

  test("are not changed where a person has the API server read another key file: it would sign with that one still", async () => {
    await startK3sWith(host, ["--kube-apiserver-arg=service-account-signing-key-file=/etc/own.key"]);
    const files = new RancherFiles(machine, "k3s", "rotate");
    const { message } = await errorOf(files.writeKeys({ verifiers: [] }, signal), "server-start");
    assert.match(message, /service-account-signing-key-file=\/etc\/own\.key: its keys are not those/u);
    assert.equal(await restarts(), 0);
  });
});
