import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { podtrustHere } from "../support/cli.ts";

const printed = (...options: readonly string[]) => podtrustHere(["manifests", "injection", ...options]);

const parties = { gcp: /workload-identity-provider\./u, azure: /client-id or .*tenant-id\./u } as const;

describe("the policies for Google and Azure", () => {
  test("say in front of them by which annotation a ServiceAccount asks, and where that is read", async () => {
    for (const [party, asks] of Object.entries(parties)) {
      const { code, out } = await printed("--for", party, "--mode", "configmap");
      assert.equal(code, 0);
      const head = out.split("\n").filter((line) => line.startsWith("#"));
      assert.match(head.join("\n"), asks);
      assert.match(
        head.join("\n"),
        new RegExp(`ConfigMap podtrust-injection-${party} of each namespace`, "u"),
      );
      assert.match(out, new RegExp(`name: podtrust-${party}\n`, "u"));
    }
  });

  test("say of a mode without an operator which label a namespace needs, and have its quota", async () => {
    const { code, out } = await printed("--for", "gcp", "--mode", "serviceaccounts", "--namespace", "shop");
    assert.equal(code, 0);
    assert.match(out, /^#   kubectl label namespace shop podtrust\.dev\/injection=serviceaccounts$/mu);
    assert.match(out, /^kind: ResourceQuota$/mu);
  });

  test("need a mode", async () => {
    const { code, out, err } = await printed("--for", "azure");
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, /no --mode was given/u);
  });

  test("refuse a pod without its token where that is wanted, and say so in front of them", async () => {
    for (const [party, ...mode] of [
      ["gcp", "--mode", "configmap"],
      ["azure", "--mode", "configmap"],
      ["openbao"],
    ]) {
      const { out, err } = await printed("--for", party ?? "", ...mode, "--deny");
      assert.match(out, /^# A pod that asks and got no token is refused\.$/mu, err);
      assert.match(out, new RegExp(`name: podtrust-${party}-injected\n`, "u"));
    }
  });
});

describe("the mode of injection by policy", () => {
  test("has no default: without one the command is refused with both prices", async () => {
    const { code, out, err } = await printed();
    assert.equal(code, 2);
    assert.equal(out, "");
    const said = err.replaceAll(/\s+/gu, " ");
    assert.match(said, /Choose --mode configmap: a pod's price is the same however many ServiceAccounts/u);
    assert.match(
      said,
      /--mode serviceaccounts: .* a pod's price is its size times the namespace's ServiceAccounts/u,
    );
    assert.match(said, /50 ServiceAccounts at most by ResourceQuota/u);
  });

  test("serviceaccounts prints the quota of each namespace that is named, and the label to set, and no namespace", async () => {
    const { code, out } = await printed("--mode", "serviceaccounts", "--namespace", "shop", "team-a");
    assert.equal(code, 0);
    for (const namespace of ["shop", "team-a"])
      assert.match(
        out,
        new RegExp(`^#   kubectl label namespace ${namespace} podtrust.dev/injection=`, "mu"),
      );
    assert.equal(out.match(/^kind: ResourceQuota$/gmu)?.length, 2);
    // kubectl delete of what was printed would take all that is in it.
    assert.doesNotMatch(out, /^kind: Namespace$/mu);
  });

  test("configmap takes no namespace, since it needs no quota", async () => {
    const { code, err } = await printed("--mode", "configmap", "--namespace", "shop");
    assert.equal(code, 2);
    assert.match(err, /--namespace is for --mode serviceaccounts/u);
  });
});
