import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PodtrustError } from "../../core/base/index.ts";
import type { KubernetesApi, KubernetesObject, ObjectQuery } from "../../providers/kubernetes/index.ts";
import { checkListed, type ListedServers } from "./known.ts";

const { signal } = new AbortController();
const start = 1_764_350_000_000;
const at = (seconds: number): string => new Date(start + seconds * 1000).toISOString();

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

const facts = (hostname: string, ...addresses: readonly string[]) => ({ hostname, addresses, epoch: start });

async function missing(
  api: KubernetesApi,
  listed: ListedServers["listed"],
  more: Partial<ListedServers> = {},
): Promise<unknown> {
  try {
    await checkListed(api, { listed, elapsed: 5000, ...more }, signal);
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
    const [one, other] = [facts("cp-1", "10.0.0.1"), facts("cp-2", "10.0.0.2", "fd00::2")];
    assert.deepEqual(await missing(api, [one, other]), []);
    assert.deepEqual(await missing(api, [one]), ["cp-2", "10.0.0.2"]);
    await assert.rejects(checkListed(api, { listed: [one], elapsed: 5000 }, signal), {
      message:
        /: cp-2 \(lease kube-system\/apiserver-b\), 10\.0\.0\.2 \(an endpoint of the Service kubernetes\)$/u,
      next: /--not-a-server cp-2, and so for each; leases\/kube-system or endpointslices\/default stands for all/u,
    });
  });

  test("stops nobody whom a person has told by its name that it is none", async () => {
    const api = cluster([lease("apiserver-b", "cp-2", at(5))], [slice("10.0.0.2")]);
    const listed = [facts("cp-1")];
    assert.deepEqual(await missing(api, listed, { notServers: ["cp-2"] }), ["10.0.0.2"]);
    assert.deepEqual(await missing(api, listed, { notServers: ["10.0.0.2"] }), ["cp-2"]);
    assert.deepEqual(await missing(api, listed, { notServers: ["10.0.0.2", "cp-2"] }), []);
  });

  test("and that renews its lease no longer is gone, by the listed machines' own clocks; one whose lease says no time is not", async () => {
    const api = cluster([
      lease("apiserver-a", "cp-1", at(600)),
      lease("apiserver-old", "cp-0", at(0)),
      lease("apiserver-odd", "", "never"),
    ]);
    assert.deepEqual(await missing(api, [facts("cp-1")], { elapsed: 601_000 }), ["apiserver-odd"]);
    // The clock of one of them is behind: by that one it may live.
    const behind = { ...facts("cp-2"), epoch: start - 560_000 };
    assert.deepEqual(await missing(api, [facts("cp-1"), behind], { elapsed: 601_000 }), [
      "cp-0",
      "apiserver-odd",
    ]);
    assert.deepEqual(await missing(cluster([]), [facts("cp-1")]), []);
  });

  test("is not gone while its lease is renewed, whatever the list says, unless a person says so", async () => {
    const api = cluster([lease("apiserver-a", "cp-1", at(600)), lease("apiserver-b", "cp-2", at(595))]);
    const without = { listed: [facts("cp-1")], without: ["203.0.113.8"] };
    await assert.rejects(checkListed(api, { ...without, elapsed: 601_000 }, signal), {
      code: "server-answers",
      message: /^--without 203\.0\.113\.8: .*: cp-2 \(lease/u,
    });
    await checkListed(api, { ...without, elapsed: 601_000, notServers: ["cp-2"] }, signal);
    await checkListed(api, { ...without, elapsed: 701_000 }, signal);
  });

  test("is missed though the cluster's answer cannot be read, and the cluster's other errors go on", async () => {
    const failing = (code: "cluster-answer-invalid" | "cluster-forbidden"): KubernetesApi =>
      ({
        list: async ({ kind }: ObjectQuery) => {
          if (kind === "Lease") throw new PodtrustError(code, "it is longer than 8 MiB");
          return [];
        },
      }) as unknown as KubernetesApi;
    const api = failing("cluster-answer-invalid");
    const listed = [facts("cp-1")];
    assert.deepEqual(await missing(api, listed), ["leases/kube-system"]);
    assert.deepEqual(await missing(api, listed, { notServers: ["leases/kube-system"] }), []);
    await assert.rejects(checkListed(failing("cluster-forbidden"), { listed, elapsed: 0 }, signal), {
      code: "cluster-forbidden",
    });
  });
});
