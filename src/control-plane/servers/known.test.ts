import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PodtrustError } from "../../core/base/index.ts";
import type { KubernetesApi, KubernetesObject, ObjectQuery } from "../../providers/kubernetes/index.ts";
import { checkListed } from "./known.ts";

const { signal } = new AbortController();
const at = (seconds: number): string => new Date(1_764_350_000_000 + seconds * 1000).toISOString();

const lease = (name: string, host: string, renewTime: string): KubernetesObject => ({
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  metadata: { name, labels: { "kubernetes.io/hostname": host } },
  spec: { renewTime },
});

const slice = (...addresses: readonly string[]): KubernetesObject => ({
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  metadata: { name: "kubernetes" },
  endpoints: [{ addresses }],
});

/** A cluster with these leases of API servers, and endpoints of the Service kubernetes. */
const cluster = (
  leases: readonly KubernetesObject[],
  slices: readonly KubernetesObject[] = [],
): KubernetesApi =>
  ({
    list: async ({ kind }: ObjectQuery) => (kind === "Lease" ? leases : slices),
  }) as unknown as KubernetesApi;

const facts = (hostname: string, ...addresses: readonly string[]) => ({ hostname, addresses });

async function missing(api: KubernetesApi, ...listed: readonly ReturnType<typeof facts>[]): Promise<unknown> {
  try {
    await checkListed(api, listed, signal);
    return [];
  } catch (error) {
    assert.ok(error instanceof PodtrustError);
    assert.equal(error.code, "server-not-listed");
    return error.detail["missing"];
  }
}

describe("an API server that the cluster knows", () => {
  test("has to be listed: by its lease's host name, and as an endpoint of the Service kubernetes", async () => {
    const api = cluster(
      [lease("apiserver-a", "cp-1", at(0)), lease("apiserver-b", "cp-2", at(5))],
      [slice("10.0.0.1", "10.0.0.2")],
    );
    assert.deepEqual(await missing(api, facts("cp-1", "10.0.0.1"), facts("cp-2", "10.0.0.2", "fd00::2")), []);
    assert.deepEqual(await missing(api, facts("cp-1", "10.0.0.1")), [
      "cp-2 (lease kube-system/apiserver-b)",
      "10.0.0.2 (an endpoint of the Service kubernetes)",
    ]);
  });

  test("and that renews its lease no longer is gone; one whose lease says no time is not", async () => {
    const api = cluster([
      lease("apiserver-a", "cp-1", at(600)),
      lease("apiserver-old", "cp-0", at(0)),
      lease("apiserver-odd", "", "never"),
    ]);
    assert.deepEqual(await missing(api, facts("cp-1")), ["apiserver-odd (lease kube-system/apiserver-odd)"]);
    assert.deepEqual(await missing(cluster([])), []);
  });

  test("is not gone while its lease is renewed, whatever the list says", async () => {
    const api = cluster([lease("apiserver-a", "cp-1", at(600)), lease("apiserver-b", "cp-2", at(595))]);
    await assert.rejects(checkListed(api, [facts("cp-1")], signal, ["203.0.113.8"]), {
      code: "server-answers",
      message: /^--without 203\.0\.113\.8: .*: cp-2 \(lease/u,
    });
    const later = cluster([lease("apiserver-a", "cp-1", at(700)), lease("apiserver-b", "cp-2", at(595))]);
    await checkListed(later, [facts("cp-1")], signal, ["203.0.113.8"]);
  });
});
