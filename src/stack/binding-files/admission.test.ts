import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PodtrustError } from "../../core/base/index.ts";
import type { ApplyOptions, KubernetesApi, KubernetesObject } from "../../providers/kubernetes/index.ts";
import { partyNames } from "../../rules/bindings/index.ts";
import { SwiftClock } from "../../../test/support/swift-clock.ts";
import { applyBinding, bindingsAdmitted } from "./admission.ts";

const unknown = new PodtrustError("cluster-not-ready", "it answered 503: apiserver not ready");
const absent = new PodtrustError("cluster-not-found", "it answered 404");
const notGranted = new PodtrustError(
  "cluster-refused",
  "it answered 422: ValidatingAdmissionPolicy 'podtrust-grants' with binding 'podtrust-grants' denied request: no grant",
);
const invalid = new PodtrustError("cluster-refused", "it answered 422: spec.roles: Required value");

/** The next of some with each call, and the last from then on. */
function inTurn<T>(all: readonly T[]): () => T | undefined {
  let calls = 0;
  return () => {
    calls += 1;
    return all[Math.min(calls, all.length) - 1];
  };
}

/**
 * A cluster that answers each next application with the next of these, and with the last from then on; `served`: the kinds
 * that it knows, likewise.
 */
function clusterThat(
  answers: readonly (PodtrustError | "taken")[],
  served: readonly (readonly string[])[] = [["awsrolebindings", "awstrusts"]],
) {
  const applied: ApplyOptions[] = [];
  const objects: KubernetesObject[] = [];
  const [nextAnswer, nextServed] = [inTurn(answers), inTurn(served)];
  const apply = (object: KubernetesObject, options: ApplyOptions): Promise<KubernetesObject> => {
    const answer = nextAnswer();
    applied.push(options);
    objects.push(object);
    return answer instanceof PodtrustError ? Promise.reject(answer) : Promise.resolve(object);
  };
  const servedResources = (): Promise<readonly string[]> => Promise.resolve(nextServed() ?? []);
  const cluster = { server: "https://cluster", apply, servedResources } as Partial<KubernetesApi>;
  return { applied, objects, cluster: cluster as KubernetesApi };
}

const kindsOf = (objects: readonly KubernetesObject[]): readonly string[] => objects.map(({ kind }) => kind);

function waitOf() {
  const reasons: string[] = [];
  const clock = new SwiftClock();
  const signal = new AbortController().signal;
  const onWait = ({ message }: PodtrustError): void => void reasons.push(message);
  return { reasons, clock, wait: { clock, signal, onWait } };
}

const binding = {
  apiVersion: "podtrust.dev/v1alpha1",
  kind: "AWSRoleBinding",
  metadata: { name: "web", namespace: "shop" },
};

describe("a binding that is applied right after its definitions", () => {
  test("is applied again while the API server is not ready for it, and the reason is reported", async () => {
    const { cluster, applied } = clusterThat([unknown, unknown, "taken"]);
    const { wait, reasons } = waitOf();
    await applyBinding(cluster, binding, wait);
    assert.equal(applied.length, 3);
    assert.deepEqual(reasons, [unknown.message, unknown.message]);
  });

  test("is refused at once for every other reason", async () => {
    for (const refusal of [notGranted, invalid, absent]) {
      const { cluster, applied } = clusterThat([refusal, "taken"]);
      await assert.rejects(applyBinding(cluster, binding, waitOf().wait), refusal);
      assert.equal(applied.length, 1);
    }
  });

  test("is given up with the API server's own words when the kind stays unknown", async () => {
    const { clock, wait } = waitOf();
    const start = clock.now();
    await assert.rejects(applyBinding(clusterThat([unknown]).cluster, binding, wait), unknown);
    const waited = clock.now() - start;
    assert.ok(waited > 60_000 && waited <= 90_000, `${waited} ms`);
  });
});

describe("waiting for bindings", () => {
  test("goes on until several dry runs on end were judged, and keeps nothing", async () => {
    const { cluster, applied } = clusterThat([absent, "taken", unknown, "taken", "taken", "taken", "taken"]);
    await bindingsAdmitted(cluster, waitOf().wait);
    assert.equal(applied.length, 7);
    assert.ok(applied.every(({ dryRun }) => dryRun === true));
  });

  test("takes the guard's own refusal for a judgement", async () => {
    const { cluster, applied } = clusterThat([unknown, notGranted]);
    await bindingsAdmitted(cluster, waitOf().wait);
    assert.equal(applied.length, 5);
  });

  test("ends at once with a refusal that is not the guard's", async () => {
    await assert.rejects(bindingsAdmitted(clusterThat([invalid]).cluster, waitOf().wait), invalid);
    // AWS's guard says nothing of Google's bindings.
    const { cluster } = clusterThat([notGranted], [["gcpserviceaccountbindings"]]);
    await assert.rejects(bindingsAdmitted(cluster, waitOf().wait), notGranted);
  });

  test("asks for each kind that the cluster knows, and for none that is not installed", async () => {
    const every = Object.values(partyNames).map((names) => names.binding);
    const all = clusterThat(["taken"], [every.map(({ plural }) => plural)]);
    const kinds = every.map(({ kind }) => kind);
    assert.deepEqual(await bindingsAdmitted(all.cluster, waitOf().wait), kinds);
    assert.deepEqual(kindsOf(all.objects), [...kinds, ...kinds, ...kinds, ...kinds]);
    const one = clusterThat(["taken"], [["gcpserviceaccountbindings", "gcptrusts"]]);
    assert.deepEqual(await bindingsAdmitted(one.cluster, waitOf().wait), ["GCPServiceAccountBinding"]);
    assert.deepEqual(new Set(kindsOf(one.objects)), new Set(["GCPServiceAccountBinding"]));
  });

  test("goes on where the cluster knows none yet, and says how definitions are had when it gives up", async () => {
    const late = clusterThat(["taken"], [[], [], ["azureidentitybindings"]]);
    const { wait, reasons } = waitOf();
    assert.deepEqual(await bindingsAdmitted(late.cluster, wait), ["AzureIdentityBinding"]);
    const none = "cluster https://cluster does not know bindings";
    assert.deepEqual(reasons, [none, none]);
    await assert.rejects(bindingsAdmitted(clusterThat(["taken"], [[]]).cluster, waitOf().wait), {
      code: "cluster-not-found",
      next: /manifests bindings/u,
    });
  });

  test("goes on for those that are named, whatever else is there", async () => {
    const aws = ["awsrolebindings"];
    const late = clusterThat(["taken"], [aws, [...aws, "gcpserviceaccountbindings"]]);
    const { wait, reasons } = waitOf();
    assert.deepEqual(await bindingsAdmitted(late.cluster, wait, ["gcp"]), ["GCPServiceAccountBinding"]);
    assert.deepEqual(reasons, ["cluster https://cluster does not know GCPServiceAccountBinding"]);
    assert.ok(!kindsOf(late.objects).includes("AWSRoleBinding"));
  });

  test("begins anew where a kind comes while it asks", async () => {
    const aws = ["awsrolebindings"];
    const growing = clusterThat(["taken"], [aws, aws, [...aws, "azureidentitybindings"]]);
    const { wait, reasons } = waitOf();
    const kinds = ["AWSRoleBinding", "AzureIdentityBinding"];
    assert.deepEqual(await bindingsAdmitted(growing.cluster, wait), kinds);
    assert.match(reasons.join(), /now AWSRoleBinding, AzureIdentityBinding$/u);
    assert.equal(growing.objects.length, 2 + 2 + 4 * 2);
  });
});
