/** The key that proves what replicas share, where a GitOps tool applies the chart each minute: a real API server, real rights. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import { type JsonRecord, recordOf } from "../../src/core/base/index.ts";
import { keysOfStore, openKubernetes, storeKeyName } from "../../src/providers/kubernetes/index.ts";
import { makeStoreKey } from "../../src/publisher/index.ts";
import { syncAsArgo } from "./argo-diff.ts";
import { buildPrograms, type ControlPlane, leftOut, startControlPlane } from "./harness/index.ts";

const chart = resolve(import.meta.dirname, "../../deploy/chart");
const namespace = "podtrust";
const store = { namespace, name: "podtrust-publisher" };
const secret = { namespace, name: storeKeyName(store.name) };

describe("the key that proves what replicas share", { skip: leftOut() }, () => {
  let plane: ControlPlane;
  before(async () => {
    plane = await startControlPlane({ issuer: "https://oidc.example.com" });
    await plane.kubectl(["create", "namespace", namespace]);
  });
  after(() => plane?.stop());

  async function rendered(): Promise<string> {
    const { helm } = await buildPrograms();
    const args = ["template", "podtrust", chart, `--namespace=${namespace}`, "--kube-version=1.36.3"];
    const values = `--values=${chart}/ci/publisher-values.yaml`;
    const env = { PATH: process.env["PATH"], HOME: "/nonexistent" };
    return (await promisify(execFile)(helm, [...args, values], { env, maxBuffer: 2 ** 24 })).stdout;
  }

  test("stays the one that its Job made, by the Job's own rights, while the chart is rendered and applied again and again", async () => {
    const text = await rendered();
    const objects = parseAllDocuments(text)
      .map((one) => recordOf(one.toJSON()))
      .filter(
        ({ apiVersion, kind }) =>
          apiVersion !== undefined && apiVersion !== "monitoring.coreos.com/v1" && kind !== "Job",
      );
    await syncAsArgo(plane, objects, true);
    const as = async (account: string) => {
      const token = await plane.requestToken(namespace, account, plane.issuer);
      return openKubernetes({ kubeconfig: plane.kubeconfigWithToken(token) });
    };
    assert.equal(await makeStoreKey(secret, await as(secret.name)), "made");
    const admin = await openKubernetes({ kubeconfig: plane.adminKubeconfig });
    const made = await keysOfStore(store, admin);
    assert.equal(made.length, 1);
    for (const isServerSide of [true, false, true, false]) {
      assert.equal(await rendered(), text);
      await syncAsArgo(plane, objects, isServerSide);
      assert.equal(await makeStoreKey(secret, await as(secret.name)), "kept");
      assert.deepEqual(await keysOfStore(store, admin), made);
    }
    // Replicas learn it from their mount alone.
    const replica = await as(store.name);
    assert.deepEqual(await keysOfStore(store, replica), []);
    await assert.rejects(makeStoreKey(secret, replica), { code: "cluster-forbidden" });
    await assert.rejects(makeStoreKey(store, await as(secret.name)), { code: "cluster-forbidden" });
  });

  test("is made by a Job that the API server takes again after each end, as a hook makes it", async () => {
    const [job] = parseAllDocuments(await rendered())
      .map((one): JsonRecord => recordOf(one.toJSON()))
      .filter(({ kind }) => kind === "Job");
    const text = JSON.stringify(job);
    for (let syncs = 0; syncs < 2; syncs += 1) {
      await plane.kubectl(["create", "-f", "-"], text);
      await plane.kubectl(["delete", "--wait=true", "-f", "-"], text);
    }
  });
});
