import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PodtrustError, systemClock } from "../../core/base/index.ts";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import { TrustReads } from "./trust-reads.ts";

const { signal } = new AbortController();

function cluster() {
  const asked: string[] = [];
  const state = { now: 0, fails: false, generation: 1 };
  let changed = (_name: string): void => {};
  const read = ({ name }: { readonly name: string }): Promise<KubernetesObject> => {
    asked.push(name);
    if (state.fails) return Promise.reject(new PodtrustError("cluster-not-ready", "it starts"));
    const metadata = { name, generation: state.generation };
    return Promise.resolve({ apiVersion: "podtrust.dev/v1alpha1", kind: "AWSTrust", metadata });
  };
  const trusts = {
    subscribe(told: (name: string) => void) {
      changed = told;
      return () => {};
    },
  };
  const reads = new TrustReads({ read }, { ...systemClock, elapsed: () => state.now }, trusts);
  return { asked, state, reads, change: (name: string) => changed(name) };
}

describe("a trust that many bindings name", () => {
  test("is read once for all turns of a second, and again in the next", async () => {
    const { asked, state, reads } = cluster();
    const [one, two] = await Promise.all([reads.of("a", signal), reads.of("a", signal)]);
    assert.equal(one, two);
    await reads.of("b", signal);
    state.now = 999;
    await reads.of("a", signal);
    assert.deepEqual(asked, ["a", "b"]);
    state.now = 1000;
    await reads.of("a", signal);
    assert.deepEqual(asked, ["a", "b", "a"]);
  });

  test("is read again for whoever has a turn because it changed", async () => {
    const { asked, state, reads, change } = cluster();
    await reads.of("a", signal);
    state.generation = 2;
    change("b");
    assert.equal((await reads.of("a", signal))?.metadata.generation, 1);
    change("a");
    assert.equal((await reads.of("a", signal))?.metadata.generation, 2);
    assert.deepEqual(asked, ["a", "a"]);
  });

  test("that could not be read is asked for anew", async () => {
    const { state, reads } = cluster();
    state.fails = true;
    await assert.rejects(reads.of("a", signal), { code: "cluster-not-ready" });
    state.fails = false;
    assert.notEqual(await reads.of("a", signal), undefined);
  });
});
