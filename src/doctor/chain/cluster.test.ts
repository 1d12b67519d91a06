import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import { apiServerLooks, clusterLook } from "./cluster.ts";

const { signal } = new AbortController();
const words = [
  "kube-apiserver",
  "--service-account-issuer=https://oidc.example.com",
  "--service-account-key-file",
  "/etc/kubernetes/pki/sa.pub",
  "--v=2",
];

describe("what doctor knows of API servers", () => {
  test("is what their machines say that they will be started with, also of one that does not run", () => {
    const mounts = ["/etc/kubernetes/pki"];
    const looks = apiServerLooks([
      { name: "cp-1", kind: "none", why: "no container runs", command: { words, mounts } },
      { name: "cp-2", kind: "not-looked-at", why: "no answer" },
    ]);
    const flags = [
      ["service-account-issuer", "https://oidc.example.com"],
      ["service-account-key-file", "/etc/kubernetes/pki/sa.pub"],
    ];
    assert.deepEqual(looks, { seen: [{ name: "cp-1", flags, mounts }] });
  });

  test("is nothing where no machine was reached, or the config names none", () => {
    const unreached = apiServerLooks([{ name: "cp-1", kind: "not-looked-at", why: "no answer" }]);
    assert.deepEqual(unreached, { unseen: "not looked at: no answer" });
    const unnamed = apiServerLooks([]);
    assert.ok("unseen" in unnamed);
    assert.match(
      unnamed.unseen,
      /^not looked at: the config names no machine of one\. With cluster\.servers/u,
    );
  });

  test("is in no pod and no annotation of the cluster, which others than its administrators may write", async () => {
    const asked: string[] = [];
    const evil = JSON.stringify(["server", "--kube-apiserver-arg=service-account-issuer=https://evil"]);
    const object = { metadata: { name: "evil", annotations: { "k3s.io/node-args": evil } } };
    const api = {
      list: async ({ kind }: { readonly kind: string }) => {
        asked.push(kind);
        return [object];
      },
      get: () => Promise.reject(new Error("no")),
      read: async () => undefined,
      oidcDocuments: () => Promise.reject(new Error("no")),
    } as unknown as KubernetesApi;
    const { apiServers } = await clusterLook({ api, signal }, undefined, []);
    assert.ok("unseen" in apiServers);
    assert.ok(!asked.includes("Pod"), asked.join(", "));
  });
});
