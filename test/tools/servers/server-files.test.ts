/** The files of a control plane machine, changed and put back over a real SSH connection. */
import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { appendFile, chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { testAtLength } from "../../support/runs.ts";
import { type ErrorCode, PodtrustError, systemClock } from "../../../src/core/base/index.ts";
import { StateFolder } from "../../../src/core/files/index.ts";
import { openSession, pinnedKnownHosts, type SshSession } from "../../../src/providers/host/index.ts";
import { kubernetesKid } from "../../../src/rules/keys/index.ts";
import { KubeadmFiles } from "../../../src/control-plane/servers/kubeadm.ts";
import { ServerMachine } from "../../../src/control-plane/servers/machine.ts";
import { RancherFiles } from "../../../src/control-plane/servers/rancher.ts";
import {
  busctl,
  homeEnvironment,
  k3sProgram,
  type SshHost,
  standInForK3s,
  startK3sWith,
  startSshHost,
  whyNoSshHost,
} from "../../support/ssh-host/index.ts";

const old = "https://kubernetes.default.svc.cluster.local";
const ours = "https://oidc.example.com";
const manifestPath = "/etc/kubernetes/manifests/kube-apiserver.yaml";
const manifest = `# as kubeadm made it
apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver, annotations: {on: "yes"}}
spec:
  containers:
  - name: kube-apiserver
    command:
    - kube-apiserver
    - --service-account-issuer=${old}
    - --profiling=false
`;

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

const { signal } = new AbortController();
const pem = (key: KeyObject): string => {
  const type = key.type === "private" ? "pkcs8" : "spki";
  return key.export({ type, format: "pem" });
};
const pair = (): { readonly secret: string; readonly open: string; readonly kid: string } => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { secret: pem(privateKey), open: pem(publicKey), kid: kubernetesKid(publicKey) };
};

describe(
  "the files of a control plane machine",
  { skip: whyNoSshHost("a machine whose files are root's") },
  () => {
    let host: SshHost;
    let folder: string;
    let session: SshSession;
    let machine: ServerMachine;

    before(async () => {
      host = await startSshHost();
      await standInForK3s(host);
      folder = await mkdtemp(join(tmpdir(), "podtrust-servers-"));
      const { port, user, keyFile, hostKey } = host;
      const target = { address: "127.0.0.1", port, user, keyFile, hostKeys: [hostKey] };
      const env = homeEnvironment(folder);
      const alias = "podtrust-test";
      const knownHosts = await pinnedKnownHosts(target, {
        env,
        alias,
        state: new StateFolder(join(folder, "s")),
      });
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
    const mode = async (path: string): Promise<number> => (await stat(at(path))).mode & 0o777;

    describe("that kubeadm made", () => {
      const folderOfManifests = "/etc/kubernetes/manifests";
      beforeEach(() => put(manifestPath, manifest, 0o640));
      afterEach(() => rm(at("/etc/kubernetes"), { recursive: true, force: true }));

      test("get other flags, and nothing but the manifest stands in the folder of which a kubelet runs every file", async () => {
        const files = new KubeadmFiles(machine, "adopt");
        await files.change({ issuers: [old, ours] }, signal);
        const text = await readFile(at(manifestPath), "utf8");
        assert.match(
          text,
          /- --service-account-issuer=https:\/\/kubernetes.*\n.*- --service-account-issuer=https:\/\/oidc\.example\.com\n.*- --profiling=false\n/u,
        );
        assert.match(text, /"?on"?: "yes"/u);
        assert.deepEqual(await readdir(at(folderOfManifests)), ["kube-apiserver.yaml"]);
        assert.equal(await mode(manifestPath), 0o600);
      });

      test("are put back byte for byte after several changes, and what was kept is gone", async () => {
        const files = new KubeadmFiles(machine, "adopt");
        assert.equal(await files.kept(signal), undefined);
        await files.change({ issuers: [old, ours] }, signal);
        await files.change({ issuers: [ours, old] }, signal);
        assert.deepEqual(await files.kept(signal), {
          isEdited: false,
          keysSince: [],
          keysGone: [],
          jwksUri: "",
        });
        const { flags, kept } = await files.restoreFiles(signal);
        assert.deepEqual([flags.issuers, kept], [[old], undefined]);
        assert.equal(await readFile(at(manifestPath), "utf8"), manifest);
        assert.equal(await mode(manifestPath), 0o640);
        assert.equal(await files.kept(signal), undefined);
        assert.deepEqual(await readdir(at("/etc/kubernetes")), ["manifests"]);
        // Again is nothing more.
        await files.restoreFiles(signal);
        assert.equal(await readFile(at(manifestPath), "utf8"), manifest);
      });

      test("that another program has changed since lose the issuer's flags alone, whatever podtrust wrote over them later", async () => {
        for (const later of [false, true]) {
          await put(manifestPath, manifest);
          const files = new KubeadmFiles(machine, "adopt");
          await files.change({ issuers: [old, ours], jwksUri: `${ours}/openid/v1/jwks` }, signal);
          await put(manifestPath, manifest.replace("profiling=false", "profiling=true"));
          // Of another purpose, too.
          if (later) await new KubeadmFiles(machine, "rotate").change({ keyFiles: ["/a.pub"] }, signal);
          await files.change({ issuers: [ours, old], jwksUri: `${ours}/openid/v1/jwks` }, signal);
          const { kept } = await files.restoreFiles(signal);
          assert.equal(kept?.isEdited, true);
          const text = await readFile(at(manifestPath), "utf8");
          assert.match(text, /profiling=true/u);
          assert.ok(!text.includes(ours), text);
          assert.equal(await files.kept(signal), undefined);
          await rm(at("/etc/kubernetes/podtrust"), { recursive: true, force: true });
        }
      });

      describe("whose keys a rotation changed", () => {
        const [first, second] = [pair(), pair()];
        const [verifier, signer] = ["/etc/kubernetes/pki/sa.pub", "/etc/kubernetes/pki/sa.key"];
        const whole = `${manifest}    - --service-account-key-file=${verifier}\n    - --service-account-signing-key-file=${signer}\n`;
        const [adopt, rotate] = [
          () => new KubeadmFiles(machine, "adopt"),
          () => new KubeadmFiles(machine, "rotate"),
        ];
        /** As a rotation names them: each key in a file of its own. */
        const rotated = {
          keyFiles: ["/etc/kubernetes/pki/b.pub"],
          signingKeyFile: "/etc/kubernetes/pki/b.key",
        };
        beforeEach(async () => {
          await put(manifestPath, whole);
          await put(verifier, first.open);
          await put(signer, first.secret);
          await put(rotated.keyFiles[0] ?? "", second.open);
          await put(rotated.signingKeyFile, second.secret);
          await adopt().change({ issuers: [ours, old] }, signal);
        });

        test("keep these, and lose the issuer's flags alone", async () => {
          await rotate().change(rotated, signal);
          // As after `rotate finish verifiers`.
          await rotate().forget(signal);
          const differ = { isEdited: false, keysSince: [second.kid], keysGone: [first.kid], jwksUri: "" };
          assert.deepEqual(await adopt().kept(signal), differ);
          const { flags, kept } = await adopt().restoreFiles(signal);
          assert.deepEqual([flags, kept], [{ issuers: [old], audiences: [], jwksUri: "" }, differ]);
          const text = await readFile(at(manifestPath), "utf8");
          assert.ok(!text.includes(ours) && text.includes("pki/b.key") && !text.includes("pki/sa."), text);
        });

        testAtLength(
          "are put back byte for byte once the keys are those of before, in whatever files",
          {},
          async () => {
            await rotate().change(rotated, signal);
            await adopt().restoreFiles(signal);
            const [copied, its] = ["/etc/kubernetes/pki/copy.key", "/etc/kubernetes/pki/copy.pub"];
            await put(copied, first.secret);
            await put(its, first.open);
            await rotate().change({ keyFiles: [its], signingKeyFile: copied }, signal);
            assert.deepEqual(await adopt().kept(signal), {
              isEdited: false,
              keysSince: [],
              keysGone: [],
              jwksUri: "",
            });
            const { flags, kept } = await adopt().restoreFiles(signal);
            assert.deepEqual([flags.signingKeyFile, kept], [signer, undefined]);
            assert.equal(await readFile(at(manifestPath), "utf8"), whole);
          },
        );

        testAtLength(
          "keep these where the files of before name a key that is on the machine no more",
          {},
          async () => {
            await rotate().change(rotated, signal);
            await rm(at(signer));
            assert.deepEqual((await adopt().kept(signal))?.keysSince, [second.kid]);
          },
        );
      });

      testAtLength(
        "get back what stood there before podtrust's last change, byte for byte, and nothing before that",
        {},
        async () => {
          const files = new KubeadmFiles(machine, "adopt");
          assert.equal(await files.previous(signal), undefined);
          await files.change({ issuers: [old, ours] }, signal);
          const accepted = await readFile(at(manifestPath), "utf8");
          await files.change({ issuers: [ours, old] }, signal);
          // The same change once more, as a run that was cut off makes it.
          await files.change({ issuers: [ours, old] }, signal);
          assert.deepEqual(await files.previous(signal), { isBegun: false, isBack: false });
          await files.beginPutBack(signal);
          assert.deepEqual(await files.previous(signal), { isBegun: true, isBack: false });
          const flags = await files.putBack(signal);
          assert.deepEqual(flags.issuers, [old, ours]);
          assert.equal(await readFile(at(manifestPath), "utf8"), accepted);
          assert.deepEqual(await files.previous(signal), { isBegun: true, isBack: true });
          // Whatever podtrust changes then, be it as before, has no consent to be reverted.
          await files.change({ issuers: [ours, old] }, signal);
          assert.deepEqual(await files.previous(signal), { isBegun: false, isBack: false });
          await files.putBack(signal);
          await files.endPutBack(signal);
          assert.equal(await files.previous(signal), undefined);
          await new KubeadmFiles(machine, "rotate").change({ keyFiles: ["/a.pub"] }, signal);
          assert.deepEqual((await files.putBack(signal)).keyFiles, []);
          assert.equal(await readFile(at(manifestPath), "utf8"), accepted);
          await files.change({ issuers: [ours, old] }, signal);
          await put(manifestPath, manifest.replace("profiling=false", "profiling=true"));
          await errorOf(files.previous(signal), "server-file-changed");
          await errorOf(files.putBack(signal), "server-file-changed");
        },
      );

      testAtLength("of an unknown form are refused, and stay", {}, async () => {
        const files = new KubeadmFiles(machine, "adopt");
        for (const text of ["a: [", "[]", "kind: Pod\n"]) {
          await put(manifestPath, text);
          await errorOf(files.change({ issuers: [ours] }, signal), "server-file-invalid");
          assert.equal(await readFile(at(manifestPath), "utf8"), text);
        }
      });

      test("are changed wholly or not at all when the connection is lost on the way, and the next run goes on", async () => {
        const files = new KubeadmFiles(machine, "adopt");
        await host.watch(2, "input lost");
        await errorOf(files.change({ issuers: [old, ours] }, signal), "ssh-lost");
        assert.equal(await readFile(at(manifestPath), "utf8"), manifest);
        await host.watch();
        await files.change({ issuers: [old, ours] }, signal);
        await host.watch(1, "answer lost");
        await errorOf(files.restoreFiles(signal), "ssh-lost");
        await host.watch();
        await files.restoreFiles(signal);
        assert.equal(await readFile(at(manifestPath), "utf8"), manifest);
        assert.deepEqual(await readdir(at(folderOfManifests)), ["kube-apiserver.yaml"]);
      });
    });

    describe("of k3s", () => {
      const main = "/etc/rancher/k3s/config.yaml";
      const own = "/etc/rancher/k3s/config.yaml.d/50-issuer.yaml";
      const config = `kube-apiserver-arg:\n  - profiling=false\n  - service-account-issuer=${old}\n`;

      beforeEach(async () => {
        await put(main, config);
        await put("/usr/local/bin/k3s", k3sProgram("v1.36.4+k3s1"), 0o755);
      });
      afterEach(async () => {
        for (const path of ["/etc/rancher", "/var/lib/rancher", "/run/stand-in"])
          await rm(at(path), { recursive: true, force: true });
        await startK3sWith(host, []);
      });

      const restarts = async (): Promise<number> =>
        ((await host.file("/run/stand-in/calls")) ?? "").split("systemctl restart --no-block k3s.service\n")
          .length - 1;

      test("get other flags with which its API server starts, in the order given, and are put back byte for byte", async () => {
        const files = new RancherFiles(machine, "k3s", "adopt");
        await files.change({ issuers: [ours, old], audiences: [old, "k3s", ours] }, signal);
        const { starts, runs } = await files.whatRuns(signal);
        const given = { issuers: [ours, old], audiences: [old, "k3s", ours] };
        assert.deepEqual({ issuers: starts.issuers, audiences: starts.audiences }, given);
        assert.equal(runs.kind, "computed");
        await files.restoreFiles(signal);
        assert.equal(await readFile(at(main), "utf8"), config);
        assert.equal(await host.file(own), undefined);
        assert.equal(await restarts(), 2);
      });

      testAtLength(
        "that another program has changed since lose the issuer's flags alone, also where podtrust wrote over it later",
        {},
        async () => {
          const files = new RancherFiles(machine, "k3s", "adopt");
          await files.change({ issuers: [old, ours], jwksUri: `${ours}/openid/v1/jwks` }, signal);
          await appendFile(at(main), "write-kubeconfig-mode: '0600'\n");
          await files.change({ issuers: [ours, old], jwksUri: `${ours}/openid/v1/jwks` }, signal);
          await appendFile(at(own), "token: other\n");
          const edited = await readFile(at(main), "utf8");
          const { flags, kept } = await files.restoreFiles(signal);
          assert.deepEqual([flags, kept?.isEdited], [{ issuers: [old] }, true]);
          const { starts } = await files.whatRuns(signal);
          assert.deepEqual([starts.issuers, starts.jwksUri], [[old], undefined]);
          assert.equal(await readFile(at(main), "utf8"), edited);
          assert.match((await host.file(own)) ?? "", /token: other/u);
          assert.equal(await files.kept(signal), undefined);
        },
      );

      testAtLength(
        "get back what stood there before podtrust's last change, and the service starts with that",
        {},
        async () => {
          const files = new RancherFiles(machine, "k3s", "adopt");
          await files.change({ issuers: [old, ours] }, signal);
          assert.deepEqual(await files.putBack(signal), {});
          assert.equal(await readFile(at(main), "utf8"), config);
          assert.equal(await host.file(own), undefined);
          assert.equal(await restarts(), 2);
          await files.endPutBack(signal);
        },
      );

      test("say with which key its controller manager signs tokens in Secrets", async () => {
        const keyFile = "/var/lib/rancher/k3s/server/tls/service.current.key";
        const key = pair();
        const files = new RancherFiles(machine, "k3s", "rotate");
        assert.deepEqual(await files.controllerManagerKids(signal), []);
        await put(keyFile, key.secret);
        assert.deepEqual(await files.controllerManagerKids(signal), [key.kid]);
        const other = pair();
        await put("/etc/rancher/k3s/manager.key", other.secret);
        const named = "service-account-private-key-file=/etc/rancher/k3s/manager.key";
        await put(`${main}.d/60-manager.yml`, `kube-controller-manager-arg: [${named}]\n`);
        assert.deepEqual(await files.controllerManagerKids(signal), [other.kid]);
      });
    });

    test("a machine on which k3s does not run says so", async () => {
      await host.program(
        "busctl",
        busctl({ "k3s.service": ["/usr/local/bin/k3s", "server"] }, { mainPid: 0 }),
      );
      const files = new RancherFiles(machine, "k3s", "adopt");
      const error = await errorOf(files.whatRuns(signal), "server-process");
      assert.match(error.message, /k3s\.service does not run/u);
    });
  },
);
