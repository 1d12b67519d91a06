import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import { Departures } from "./departures.ts";

const deleted = (uid: string, deletionTimestamp = "2026-11-26T05:00:00Z"): KubernetesObject => ({
  apiVersion: "podtrust.dev/v1alpha1",
  kind: "AWSRoleBinding",
  metadata: { namespace: "shop", name: "web", uid, deletionTimestamp },
});
const there: KubernetesObject = {
  apiVersion: "podtrust.dev/v1alpha1",
  kind: "AWSRoleBinding",
  metadata: { namespace: "shop", name: "web", uid: "a" },
};

describe("for how long a binding is known to be deleted", () => {
  test("is counted from when it was first seen, whatever time of day stands in it", () => {
    for (const time of ["1970-01-01T00:00:00Z", "2126-01-01T00:00:00Z", "nonsense"]) {
      const departures = new Departures();
      assert.equal(departures.see("shop/web", there, 1000), 0);
      assert.equal(departures.see("shop/web", deleted("a", time), 5000), 0);
      assert.equal(departures.see("shop/web", deleted("a", time), 65_000), 60_000);
    }
  });

  test("begins anew for another of its name, and for one that was gone in between", () => {
    const departures = new Departures();
    departures.see("shop/web", deleted("a"), 0);
    assert.equal(departures.see("shop/web", deleted("b"), 9000), 0);
    assert.equal(departures.see("shop/web", deleted("b"), 10_000), 1000);
    departures.see("shop/web", undefined, 11_000);
    assert.equal(departures.see("shop/web", deleted("b"), 12_000), 0);
  });

  test("is of each binding its own", () => {
    const departures = new Departures();
    departures.see("shop/web", deleted("a"), 0);
    assert.equal(departures.see("shop/api", deleted("b"), 20_000), 0);
    assert.equal(departures.see("shop/web", deleted("a"), 30_000), 30_000);
  });
});
