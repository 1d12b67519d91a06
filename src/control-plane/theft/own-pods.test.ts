import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { defined, PodtrustError } from "../../core/base/index.ts";
import type { Eviction, KubernetesApi } from "../../providers/kubernetes/index.ts";
import { publishersFromBefore, renewOwnPods } from "./index.ts";

const { signal } = new AbortController();

const pod = (name: string, label: string, creationTimestamp?: string) => ({
  metadata: {
    namespace: "ns",
    name,
    uid: `uid-${name}`,
    labels: { "app.kubernetes.io/name": label },
    ...defined({ creationTimestamp }),
  },
});

test("after a theft the pods of operator and publisher are made anew, no other's, and one that stays is named", async () => {
  const items = [
    pod("operator-1", "podtrust-operator"),
    pod("web", "web"),
    pod("publisher-1", "podtrust-publisher"),
    pod("publisher-2", "podtrust-publisher"),
  ];
  const evicted: Eviction["pod"][] = [];
  const cluster = {
    server: "https://192.0.2.1",
    follow: (_path: string, _options: unknown, read: (body: Readable) => unknown) =>
      read(Readable.from([Buffer.from(JSON.stringify({ items }))])),
    evict(one: Eviction["pod"]): Promise<Eviction["outcome"]> {
      evicted.push(one);
      if (one.name === "publisher-1") return Promise.resolve("budget");
      if (one.name === "publisher-2") throw new PodtrustError("cluster-unreachable", "no answer");
      return Promise.resolve("evicted");
    },
  } as unknown as Pick<KubernetesApi, "evict" | "follow" | "server">;
  const [operator = "", kept = "", failed = ""] = await renewOwnPods(cluster, signal);
  assert.deepEqual(
    evicted.map(({ uid }) => uid),
    ["uid-operator-1", "uid-publisher-1", "uid-publisher-2"],
  );
  assert.equal(operator, "ns/operator-1 is made anew.");
  assert.match(kept, /publisher-1 is kept by its disruption budget: .*kubectl delete pod -n ns publisher-1/u);
  assert.match(failed, /publisher-2 could not be evicted \(no answer\)/u);
});

test("a publisher's pods from before a stolen key had ended are named, no younger one and no other's, and a tenant's many are counted", async () => {
  const [ended, before, later] = ["12:00:00", "11:59:59", "12:00:01"].map((time) => `2026-12-01T${time}Z`);
  const named = (items: readonly object[]): Promise<readonly string[]> => {
    const cluster = {
      server: "https://192.0.2.1",
      follow: (_path: string, _options: unknown, read: (body: Readable) => unknown) =>
        read(Readable.from([Buffer.from(JSON.stringify({ items }))])),
    } as unknown as Pick<KubernetesApi, "follow" | "server">;
    return publishersFromBefore(cluster, Date.parse(ended ?? ""), signal);
  };
  const [old, unknown, ...others] = await named([
    pod("publisher-1", "podtrust-publisher", before),
    pod("publisher-2", "podtrust-publisher", later),
    pod("operator-1", "podtrust-operator", before),
    pod("web", "web", before),
    pod("publisher-3", "podtrust-publisher"),
  ]);
  assert.equal(
    old,
    "ns/publisher-1 is a publisher from before the key had ended (2026-12-01T12:00:00Z): kubectl delete pod -n ns publisher-1",
  );
  assert.match(unknown ?? "", /^ns\/publisher-3 is a publisher from before/u);
  assert.deepEqual(others, []);
  const many = Array.from({ length: 40 }, (_, at) => pod(`web-${at}`, "podtrust-publisher", before));
  const said = await named(many);
  assert.deepEqual([said.length, said.at(-1)], [11, "and 30 more pods with a publisher's label"]);
});
