import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  type ModelWish,
  modelResource,
  ModelProvider,
  type Thing,
} from "../../test/support/model-provider.ts";
import { applyPlan, isEmpty, marksOf, planOf, type PlanInput, type Resource } from "./index.ts";

const names = ["a", "b", "c", "d", "e", "f"] as const;
const value = fc.constantFrom("1", "2", "!1", "!2");

const tags = fc.oneof(
  { weight: 3, arbitrary: fc.constant(marksOf("prod")) },
  fc.constant(marksOf("dev")),
  fc.constant({ "podtrust:stack": "prod", "podtrust:format": "2" }),
  fc.constant({}),
  fc.constant({ ManagedBy: "Terraform" }),
);

const things: fc.Arbitrary<Record<string, Thing>> = fc.dictionary(
  fc.constantFrom(...names),
  fc.record({ value, tags }),
);

/** Wishes whose dependencies point backwards in the alphabet, so that there is no circle. */
const wishes: fc.Arbitrary<ModelWish[]> = fc
  .uniqueArray(fc.record({ name: fc.constantFrom(...names), value, needs: fc.subarray([...names]) }), {
    selector: ({ name }) => name,
  })
  .map((list) =>
    list.map(({ name, value: wanted, needs }) => ({
      stack: "prod",
      name,
      value: wanted,
      dependsOn: needs.filter((one) => one < name),
    })),
  );

function inputOf(provider: ModelProvider, list: readonly ModelWish[], goal: "present" | "absent"): PlanInput {
  const desired = list.map((wish) => modelResource(provider, wish) as Resource);
  const owned = names.map((name) => modelResource(provider, { stack: "prod", name, value: "" }) as Resource);
  return { desired, owned, goal };
}

const isOurs = ({ tags: marks }: Thing): boolean =>
  marks["podtrust:stack"] === "prod" && marks["podtrust:format"] === "1";

const strangersOf = (provider: Iterable<[string, Thing]>): [string, Thing][] =>
  [...provider].filter(([, thing]) => !isOurs(thing));

test("applying a plan is a fixpoint: the next plan is empty", async () => {
  await fc.assert(
    fc.asyncProperty(things, wishes, async (before, list) => {
      const provider = new ModelProvider(before);
      const plan = await planOf(inputOf(provider, list, "present"));
      fc.pre(plan.refusals.length === 0);
      const outcome = await applyPlan(plan);
      assert.deepEqual([outcome.failed, outcome.skipped], [[], []]);
      assert.equal(isEmpty(await planOf(inputOf(provider, list, "present"))), true);
      for (const { name, value: wanted } of list) assert.equal(provider.things.get(name)?.value, wanted);
    }),
  );
});

test("what does not carry our mark is never touched, up or down", async () => {
  await fc.assert(
    fc.asyncProperty(things, wishes, fc.constantFrom("present", "absent"), async (before, list, goal) => {
      const provider = new ModelProvider(before);
      const strangers = strangersOf(provider.things);
      const plan = await planOf(inputOf(provider, list, goal));
      await applyPlan({ ...plan, refusals: [] });
      for (const [name, thing] of strangers) {
        assert.deepEqual(provider.things.get(name), thing);
        assert.equal(provider.writes.includes(name), false);
      }
      if (goal === "absent") assert.deepEqual([...provider.things], strangers);
    }),
  );
});

test("cut off at any write, another run ends in the same place", async () => {
  await fc.assert(
    fc.asyncProperty(things, wishes, fc.nat(12), async (before, list, failAfter) => {
      const whole = new ModelProvider(before);
      const plan = await planOf(inputOf(whole, list, "present"));
      fc.pre(plan.refusals.length === 0);
      await applyPlan(plan);
      const broken = new ModelProvider(before);
      broken.failAfter = failAfter;
      await applyPlan(await planOf(inputOf(broken, list, "present")));
      broken.failAfter = undefined;
      const rest = await applyPlan(await planOf(inputOf(broken, list, "present")));
      assert.deepEqual(rest.failed, []);
      const sorted = (provider: ModelProvider): [string, Thing][] =>
        [...provider.things].sort(([a], [b]) => (a < b ? -1 : 1));
      assert.deepEqual(sorted(broken), sorted(whole));
    }),
  );
});

test("everything is made after what it needs, and deleted before", async () => {
  await fc.assert(
    fc.asyncProperty(wishes, async (list) => {
      const provider = new ModelProvider();
      const up = await planOf(inputOf(provider, list, "present"));
      const order = up.changes.filter(({ kind }) => kind === "create").map(({ resource }) => resource);
      for (const [index, resource] of order.entries()) {
        const later = new Set(order.slice(index).map(({ id }) => id));
        assert.equal(
          resource.dependsOn.some((id) => later.has(id)),
          false,
        );
      }
      await applyPlan(up);
      const down = await planOf(inputOf(provider, list, "absent"));
      const back = down.changes.filter(({ kind }) => kind === "delete").map(({ resource }) => resource.id);
      assert.deepEqual(back, order.map(({ id }) => id).reverse());
    }),
  );
});
