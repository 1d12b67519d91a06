import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { proxyOf } from "./proxied.ts";

describe("an API address", () => {
  test("of a kubeconfig of Rancher's leads to its proxy", () => {
    for (const id of ["local", "c-m-4xq7zv2k", "c-abcde/"])
      assert.equal(proxyOf(`https://rancher.example.com/k8s/clusters/${id}`), "Rancher's proxy");
  });

  test("of anybody else's leads to none, whatever its host or path, nor what is no URL", () => {
    for (const server of [
      "https://10.0.0.1:6443",
      "https://k8s.example.com/clusters/a",
      "https://example.com/k8s/clusters/",
      "https://example.com/k8s/clusters/a/b",
      "/k8s/clusters/a",
    ])
      assert.equal(proxyOf(server), undefined, server);
  });
});
