import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { operatorManifests } from "./manifests.ts";

describe("the operator's manifests", () => {
  for (const [what, change] of [
    ["namespace", { namespace: "Bad Name" }],
    ["name", { name: "x/y" }],
  ] as const) {
    test(`refuse a ${what} that Kubernetes does not take`, () => {
      const spec = { namespace: "podtrust", name: "podtrust-operator", evict: false, ...change };
      assert.throws(() => operatorManifests(spec), { code: "usage" });
    });
  }
});
