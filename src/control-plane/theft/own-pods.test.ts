import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { PodtrustError } from "../../core/base/index.ts";
import type { Eviction, KubernetesApi } from "../../providers/kubernetes/index.ts";
import { renewOwnPods } from "./index.ts";

const { signal } = new AbortController();

const pod = (name: string, label: string) => ({
  metadata: { namespace: "ns", name, uid: `uid-${name}`, labels: { "app.kubernetes.io/name": label } },
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
