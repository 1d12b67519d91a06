/** What a rotation remembers in a cluster goes into a publisher's backup, and comes back to a cluster that has lost it. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { keptRecord, RecordSecret } from "../../src/control-plane/record/index.ts";
import { newIdentity } from "../../src/core/age/index.ts";
import { type KubernetesApi, openKubernetes } from "../../src/providers/kubernetes/index.ts";
import { emptyRecord, type RotationRecord } from "../../src/rules/rotation/index.ts";
import { podtrustHere } from "../support/cli.ts";
import { newKey } from "../support/publisher.ts";
import { type ControlPlane, leftOut, startControlPlane } from "./harness/index.ts";
import { maxWait } from "../support/until.ts";

const issuer = "https://oidc.example.com";
const at = Date.now() - 86_400_000;
const record: RotationRecord = {
  version: 1,
  next: "next-kid",
  before: "old-kid",
  keys: [
    { kid: "next-kid", everywhereSince: at },
    { kid: "old-kid", everywhereSince: at, signsSince: at, retiredAt: at },
  ],
  quiet: [{ server: "one", count: 3, startedAt: at, since: at }],
};

describe("what a rotation remembers", { skip: leftOut() }, () => {
  let plane: ControlPlane;
  let folder: string;
  let api: KubernetesApi;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "podtrust-rotation-backup-"));
    plane = await startControlPlane({ issuer });
    api = await openKubernetes({ kubeconfig: plane.adminKubeconfig });
  });
  after(async () => {
    await plane?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const podtrust = (...args: readonly string[]) =>
    podtrustHere(args, { cwd: folder, env: { HOME: folder, PATH: process.env["PATH"] ?? "" } });
  const remembered = (): Promise<RotationRecord> => new RecordSecret(api).read(AbortSignal.timeout(maxWait));

  test("is read by a publisher of that one right more, which reads no other Secret; without it, it is refused", async () => {
    const signal = AbortSignal.timeout(maxWait);
    await new RecordSecret(api).keep(record, signal);
    const apiOf = async (name: string, ...args: readonly string[]) => {
      const { code, out } = await podtrust("manifests", "publisher-rbac", "--name", name, ...args);
      assert.equal(code, 0);
      await plane.kubectl(["apply", "-f", "-"], out);
      const token = await plane.kubectl(["create", "token", name, "--namespace", "podtrust"]);
      return openKubernetes({ kubeconfig: plane.kubeconfigWithToken(token.trim()) });
    };
    const reader = await apiOf("reader", "--rotation-record");
    assert.deepEqual(JSON.parse((await keptRecord(reader, signal)) ?? ""), record);
    const another = { kind: "Secret", namespace: "kube-system", name: "another" } as const;
    await assert.rejects(reader.read(another, { signal }), { code: "cluster-forbidden" });
    await assert.rejects(keptRecord(await apiOf("plain"), signal), { code: "cluster-forbidden" });
    await plane.kubectl(["delete", "secret", "podtrust-rotation", "-n", "kube-system"]);
  });

  test("is saved, comes back without a key where the cluster has lost it, with every wait begun anew, and never over a newer one", async () => {
    const { identity, recipient } = newIdentity();
    await writeFile(join(folder, "identity.txt"), `${identity}\n`, { mode: 0o600 });
    await writeFile(
      join(folder, "podtrust.yaml"),
      `stack: prod
issuer: ${issuer}
cluster: {kubeconfig: ${plane.adminKubeconfig}, servers: [{ssh: {address: 203.0.113.7, user: k8s}}]}
publisher: {stateDir: state, https: {certificateFile: a.pem, keyFile: a.key}}
`,
    );
    await mkdir(join(folder, "state/publisher"), { recursive: true, mode: 0o700 });
    const known = { jwk: newKey(), firstSeen: at, lastSeen: at };
    const state = JSON.stringify({ format: 1, issuer, confirmedAt: at, changedAt: at, keys: [known] });
    await writeFile(join(folder, "state/publisher/prod.json"), state, { mode: 0o600 });

    const secret = new RecordSecret(api);
    const signal = AbortSignal.timeout(maxWait);
    assert.deepEqual(await secret.read(signal), emptyRecord);
    await secret.keep(record, signal);
    const made = await podtrust("backup", "create", "--recipient", recipient, "--output", "prod.age");
    assert.equal(made.code, 0, made.err);
    assert.match(made.out, /rotation\.json/u);
    const restore = ["restore", "prod.age", "--identity", "identity.txt", "--yes"];

    // What is there is newer, whatever it is.
    const newer = { ...emptyRecord, next: "another" };
    await secret.keep(newer, signal);
    assert.match(
      (await podtrust(...restore)).out,
      /rotation: is not used: what the cluster has of it is newer/u,
    );
    assert.deepEqual(await remembered(), newer);

    await plane.kubectl(["delete", "secret", "podtrust-rotation", "-n", "kube-system"]);
    const { code, out, err } = await podtrust(...restore);
    assert.equal(code, 0, err);
    assert.match(out, /rotation: key IDs are restored into the cluster, and no key; its waits start again/u);
    assert.deepEqual(await remembered(), {
      version: 1,
      keys: [{ kid: "next-kid" }, { kid: "old-kid", signsSince: at }],
      quiet: [],
    });
  });
});
