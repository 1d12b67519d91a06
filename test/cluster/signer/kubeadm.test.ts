/** The patch of `podtrust manifests signer`, applied by kubeadm itself to the manifest that kubeadm itself writes. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { parse } from "yaml";
import { defined, mapped, recordOf, recordsOf } from "../../../src/core/base/index.ts";
import { podtrustHere } from "../../support/cli.ts";
import { buildKubeadm, leftOut } from "../harness/index.ts";

const endpoint = "--service-account-signing-endpoint=/var/lib/podtrust-signer/run/signer.sock";
const keyFlag = /^--service-account-(?:signing-)?key-file=/u;

interface Manifest {
  readonly words: readonly string[];
  readonly mounts: readonly unknown[];
  readonly volumes: readonly unknown[];
}

describe("kubeadm and the patch of a signer", { skip: leftOut() }, () => {
  const folder = mkdtempSync(join(tmpdir(), "podtrust-kubeadm-"));
  let kubeadm: string;
  let count = 0;

  before(async () => (kubeadm = await buildKubeadm()));
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs kubeadm's phase that writes the API server's static pod, with these further flags; gives the manifest's path. */
  async function written(extraArgs: Readonly<Record<string, string>>, patches?: string): Promise<string> {
    count += 1;
    const [config, to] = [join(folder, `config-${count}.yaml`), join(folder, `dry-run-${count}`)];
    mkdirSync(to);
    const version = "kubeadm.k8s.io/v1beta4";
    const documents = [
      {
        apiVersion: version,
        kind: "InitConfiguration",
        localAPIEndpoint: { advertiseAddress: "192.0.2.10", bindPort: 6443 },
        nodeRegistration: { name: "node", criSocket: "unix:///run/containerd/containerd.sock" },
        ...defined({ patches: mapped(patches, (directory) => ({ directory })) }),
      },
      {
        apiVersion: version,
        kind: "ClusterConfiguration",
        kubernetesVersion: "v1.36.3",
        certificatesDir: join(folder, "pki"),
        apiServer: { extraArgs: Object.entries(extraArgs).map(([name, value]) => ({ name, value })) },
      },
    ];
    writeFileSync(config, documents.map((one) => JSON.stringify(one)).join("\n---\n"));
    // kubeadm takes no --patches beside --config, and without --config it forgets the cluster's own flags.
    const args = ["init", "phase", "control-plane", "apiserver", "--config", config, "--dry-run"];
    const env = { PATH: process.env["PATH"], HOME: folder, KUBEADM_INIT_DRYRUN_DIR: to };
    await promisify(execFile)(kubeadm, args, { env });
    return join(to, "kube-apiserver.yaml");
  }

  function manifestOf(path: string): Manifest {
    const spec = recordOf(recordOf(parse(readFileSync(path, "utf8")))["spec"]);
    const [container = {}] = recordsOf(spec["containers"]);
    return {
      words: container["command"] as readonly string[],
      mounts: recordsOf(container["volumeMounts"]),
      volumes: recordsOf(spec["volumes"]),
    };
  }

  /** What podtrust prints for a manifest, in a folder of its own for --patches. */
  async function patchesFor(manifest: string): Promise<string> {
    const patched = ["manifests", "signer", "--distribution", "kubeadm", "--manifest", manifest];
    const args = [...patched, "--issuer", "https://oidc.example.com", "--json"];
    const { code, out, err } = await podtrustHere(args, { cwd: "/" });
    assert.equal(code, 0, err);
    const { files } = JSON.parse(out) as { files: readonly { path?: string; text: string }[] };
    const { path = "", text } = files.at(-1) ?? { text: "" };
    const to = mkdtempSync(join(folder, "patches-"));
    writeFileSync(join(to, basename(path)), text);
    return to;
  }

  const issuer = { "service-account-issuer": "https://oidc.example.com" };
  const moved = { ...issuer, "service-account-key-file": "/etc/kubernetes/pki/both.pub", v: "2" };

  for (const [name, extraArgs] of Object.entries({
    "of its own flags": {},
    "with an issuer": issuer,
    "with key files that moved to the end": moved,
  }))
    test(`a manifest ${name} loses the two flags of key files, and gets the socket and its folder, and nothing else`, async () => {
      const plain = await written(extraArgs);
      const [before_, patched] = [
        manifestOf(plain),
        manifestOf(await written(extraArgs, await patchesFor(plain))),
      ];
      assert.equal(before_.words.filter((word) => keyFlag.test(word)).length, 2);
      assert.deepEqual(patched.words, [...before_.words.filter((word) => !keyFlag.test(word)), endpoint]);
      const at = "/var/lib/podtrust-signer/run";
      assert.deepEqual(patched.mounts, [
        ...before_.mounts,
        { mountPath: at, name: "podtrust-signer", readOnly: true },
      ]);
      assert.deepEqual(patched.volumes, [
        ...before_.volumes,
        { hostPath: { path: at, type: "Directory" }, name: "podtrust-signer" },
      ]);
    });

  test("kubeadm refuses the patch once the flags stand elsewhere, as after an upgrade, and takes out none", async () => {
    const patches = await patchesFor(await written(issuer));
    await assert.rejects(written(moved, patches), /test|testing value/iu);
  });
});
