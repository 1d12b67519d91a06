import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { podtrustHere } from "../support/cli.ts";

const printed = (...options: readonly string[]) => podtrustHere(["manifests", "injection", ...options]);

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
