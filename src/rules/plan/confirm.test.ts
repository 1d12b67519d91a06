import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type ModelSpec,
  modelResource,
  ModelProvider,
  type Thing,
} from "../../../test/support/model-provider.ts";
import { defined, PodtrustError } from "../../core/base/index.ts";
import {
  type ApplyEvent,
  applyPlan,
  awsTags,
  isEmpty,
  movedBetween,
  planOf,
  type Resource,
  savedChanges,
  unconfirmedOf,
} from "./index.ts";
import { stackOwner } from "../../../test/support/stack-owner.ts";

const spec = (name: string, value: string): ModelSpec => ({ stack: "prod", name, value });
const resources = (provider: ModelProvider, ...specs: ModelSpec[]): Resource[] =>
  specs.map((one) => modelResource(provider, one));
const ours = (value: string): Thing => ({ value, tags: awsTags.of(stackOwner()) });

describe("confirming", () => {
  const confirmed = (
    provider: ModelProvider,
    names: readonly string[],
    confirm: Resource["confirm"],
  ): Resource[] =>
    resources(provider, ...names.map((name) => spec(name, "1"))).map((resource) => ({
      ...resource,
      ...defined({ confirm }),
    }));

  test("waits for everything together, after all of it was made", async () => {
    const provider = new ModelProvider();
    const names = Array.from({ length: 20 }, (_, index) => `n${index}`);
    const atStart: number[] = [];
    let [waiting, most] = [0, 0];
    const desired = confirmed(provider, names, async (_change, work) => {
      atStart.push(provider.things.size);
      waiting += 1;
      most = Math.max(most, waiting);
      work.waiting("takes its time", 1);
      await new Promise((resolve) => setImmediate(resolve));
      waiting -= 1;
    });
    const events: ApplyEvent[] = [];
    const outcome = await applyPlan(await planOf({ desired }), { onEvent: (event) => events.push(event) });
    assert.deepEqual([outcome.done.length, outcome.unconfirmed.length], [20, 0]);
    assert.deepEqual(new Set(atStart), new Set([20]));
    assert.ok(most > 1 && most <= 8, String(most));
    assert.equal(events.filter(({ type }) => type === "confirming").length, 1);
    assert.equal(events.filter(({ type }) => type === "confirmed").length, 20);
  });

  test("that fails leaves what was made as done, and says that it is not confirmed", async () => {
    const provider = new ModelProvider();
    const desired = confirmed(provider, ["a"], () =>
      Promise.reject(new PodtrustError("aws-not-assumable", "no")),
    );
    const outcome = await applyPlan(await planOf({ desired }));
    assert.deepEqual([outcome.done.length, outcome.failed.length], [1, 0]);
    assert.deepEqual(
      outcome.unconfirmed.map(({ error }) => error.code),
      ["aws-not-assumable"],
    );
  });

  test("that is ended by a signal says of everything that was waited for that it stands unconfirmed", async () => {
    const provider = new ModelProvider();
    const ending = new AbortController();
    const desired = confirmed(provider, ["a", "b"], () => {
      ending.abort();
      return Promise.reject(new Error("cut off"));
    });
    const outcome = await applyPlan(await planOf({ desired }), { signal: ending.signal });
    assert.deepEqual(
      outcome.done.map(({ kind }) => kind),
      ["create", "create"],
    );
    assert.deepEqual(
      outcome.unconfirmed.map(({ error }) => error.code),
      ["interrupted", "interrupted"],
    );
  });

  test("continues in the next run, which changes nothing else", async () => {
    const provider = new ModelProvider({ a: ours("1"), b: ours("1") });
    const asked: string[] = [];
    const desired = confirmed(provider, ["a", "b"], ({ resource }) => {
      asked.push(resource.id);
      return Promise.resolve();
    }).map((resource): Resource => ({
      ...resource,
      async read(signal, inputs) {
        const observed = await resource.read(signal, inputs);
        if (!observed.exists || resource.id === "b") return observed;
        return { ...observed, unconfirmed: "created 3 s ago" };
      },
    }));
    const plan = await planOf({ desired });
    assert.equal(isEmpty(plan), true);
    assert.deepEqual(
      unconfirmedOf(plan).map(({ resource }) => resource.id),
      ["a"],
    );
    const outcome = await applyPlan(plan);
    assert.deepEqual([asked, outcome.done, provider.writes], [["a"], [], []]);
  });
});

describe("what a plan showed", () => {
  test("has moved where something is new, gone, or no longer the same; and not where only the order differs", async () => {
    const provider = new ModelProvider({ a: ours("1"), b: ours("1") });
    const shown = async (...names: string[]): Promise<ReturnType<typeof savedChanges>> =>
      savedChanges(await planOf({ desired: resources(provider, ...names.map((name) => spec(name, "1"))) }));
    const first = await shown("a", "b");
    assert.deepEqual(movedBetween(first, await shown("b", "a")), []);
    assert.deepEqual(movedBetween(first, await shown("a")), ["b"]);
    assert.deepEqual(movedBetween(first, await shown("a", "b", "c")), ["c"]);
    provider.things.set("a", ours("1"));
    assert.deepEqual(movedBetween(first, await shown("a", "b")), ["a"]);
  });
});
