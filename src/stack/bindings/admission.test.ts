import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PodtrustError } from "../../core/base/index.ts";
import type { ApplyOptions, KubernetesApi, KubernetesObject } from "../../providers/kubernetes/index.ts";
import { SwiftClock } from "../../../test/support/swift-clock.ts";
import { applyBinding, bindingsAdmitted } from "./admission.ts";

const unknown = new PodtrustError("cluster-not-ready", "it answered 503: apiserver not ready");
const absent = new PodtrustError("cluster-not-found", "it answered 404");
const notGranted = new PodtrustError(
  "cluster-refused",
  "it answered 422: ValidatingAdmissionPolicy 'podtrust-grants' with binding 'podtrust-grants' denied request: no grant",
);
const invalid = new PodtrustError("cluster-refused", "it answered 422: spec.roles: Required value");

/** A cluster that answers each next application with the next of these, and with the last from then on. */
function clusterThat(answers: readonly (PodtrustError | "taken")[]) {
  const applied: ApplyOptions[] = [];
  const apply = (object: KubernetesObject, options: ApplyOptions): Promise<KubernetesObject> => {
    const answer = answers[Math.min(applied.length, answers.length - 1)];
    applied.push(options);
    return answer instanceof PodtrustError ? Promise.reject(answer) : Promise.resolve(object);
  };
  return { applied, cluster: { apply } as Partial<KubernetesApi> as KubernetesApi };
}

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
  });
});
