import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import {
  type ModelSpec,
  modelResource,
  ModelProvider,
  type Thing,
} from "../../../test/support/model-provider.ts";
import {
  applyPlan,
  awsTags,
  type Change,
  isEmpty,
  movedBetween,
  type Plan,
  planOf,
  type PlanInput,
  type Resource,
  savedChanges,
} from "./index.ts";
import { stackOwner } from "../../../test/support/stack-owner.ts";

const names = ["a", "b", "c", "d", "e", "f"] as const;
type Name = (typeof names)[number];
const value = fc.constantFrom("1", "2", "!1", "!2");

const tags = fc.oneof(
  { weight: 3, arbitrary: fc.constant(awsTags.of(stackOwner())) },
  fc.constant(awsTags.of(stackOwner("dev"))),
  fc.constant({ "podtrust:stack": "prod", "podtrust:format": "2" }),
  fc.constant({}),
  fc.constant({ ManagedBy: "Terraform" }),
);

const isOurs = ({ tags: marks }: Thing): boolean =>
  marks["podtrust:stack"] === "prod" && marks["podtrust:format"] === "1";

interface Situation {
  readonly before: Readonly<Record<string, Thing>>;
  readonly list: readonly ModelSpec[];
}

const maybeName = fc.option(fc.constantFrom(...names), { nil: undefined });
const spec = fc.record({ value, needs: fc.subarray([...names]), takes: maybeName, inside: maybeName });
const isEarlier = (one: Name | undefined, other: Name): boolean => one !== undefined && one < other;

/**
 * What exists and what is specified. Dependencies, outputs and containers point backwards in the alphabet, so that
 * there is no circle; outputs are taken of what is specified, and a thing of ours is in the container it belongs in.
 */
const situations: fc.Arbitrary<Situation> = fc
  .record({
    things: fc.dictionary(fc.constantFrom(...names), fc.record({ value, tags })),
    specs: fc.dictionary(fc.constantFrom(...names), spec),
  })
  .map(({ things, specs }) => {
    const wanted = names.filter((name) => specs[name] !== undefined);
    const given = (one: Name | undefined, name: Name): Name | undefined =>
      one !== undefined && isEarlier(one, name) && wanted.includes(one) ? one : undefined;
    const list = wanted.map((name): ModelSpec => {
      const { value: specified = "", needs = [], takes, inside } = specs[name] ?? {};
      return {
        stack: "prod",
        name,
        value: specified,
        dependsOn: needs.filter((one) => one < name),
        takes: given(takes, name),
        inside: given(inside, name),
      };
    });
    const before: Record<string, Thing> = {};
    for (const name of names) {
      const thing = things[name];
      if (thing === undefined) continue;
      const home = list.find((one) => one.name === name)?.inside;
      if (home === undefined || !isOurs(thing)) before[name] = thing;
      else if (before[home] !== undefined) before[name] = { ...thing, inside: home };
    }
    return { before, list };
  });

function inputOf(provider: ModelProvider, list: readonly ModelSpec[], goal: "present" | "absent"): PlanInput {
  const desired = list.map((one) => modelResource(provider, one));
  const owned = names.map((name) => modelResource(provider, { stack: "prod", name, value: "" }));
  return { desired, owned, goal };
}

const foreignThings = (provider: ModelProvider): [string, Thing][] =>
  [...provider.things].filter(([, thing]) => !isOurs(thing));

/** The things by name, with a serial replaced by its owner: two runs count them differently. */
function settled({ things }: ModelProvider): [string, object][] {
  const bySerial = new Map([...things].map(([name, { serial }]) => [String(serial), name]));
  return [...things]
    .map(([name, { value: text, tags: own, inside }]): [string, object] => [
      name,
      {
        value: text.replace(/#(\d+)$/u, (_, serial: string) => `#${bySerial.get(serial) ?? "gone"}`),
        own,
        inside,
      },
    ])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Everything that a change depends on, however far away. */
function dependencies(changes: readonly Change[], { resource }: Change): readonly Change[] {
  const ids = [...resource.dependsOn, ...(resource.needs ?? []).map(({ after }) => after)];
  const direct = changes.filter((one) => ids.includes(one.resource.id));
  return [...direct, ...direct.flatMap((one) => dependencies(changes, one))];
}

describe("whatever exists and is specified", () => {
  test("applying a plan is a fixpoint: the next plan is empty, and every spec is there", async () => {
    await fc.assert(
      fc.asyncProperty(situations, async ({ before, list }) => {
        const provider = new ModelProvider(before);
        const plan = await planOf(inputOf(provider, list, "present"));
        fc.pre(plan.refusals.length === 0);
        const outcome = await applyPlan(plan);
        assert.deepEqual([outcome.failed, outcome.skipped, outcome.unconfirmed], [[], [], []]);
        assert.equal(isEmpty(await planOf(inputOf(provider, list, "present"))), true);
        for (const { name, value: specified, takes } of list) {
          const serial = takes === undefined ? "" : `#${provider.things.get(takes)?.serial}`;
          assert.equal(provider.things.get(name)?.value, `${specified}${serial}`);
        }
      }),
    );
  });

  test("what does not carry our tags is never touched, up or down", async () => {
    await fc.assert(
      fc.asyncProperty(situations, fc.constantFrom("present", "absent"), async ({ before, list }, goal) => {
        const provider = new ModelProvider(before);
        const foreign = foreignThings(provider);
        const plan = await planOf(inputOf(provider, list, goal));
        await applyPlan({ ...plan, refusals: [] });
        for (const [name, thing] of foreign) {
          assert.deepEqual(provider.things.get(name), thing);
          assert.equal(provider.writes.includes(name), false);
        }
        if (goal === "absent") assert.deepEqual([...provider.things], foreign);
      }),
    );
  });

  test("cut off at every write in turn, up and down, another run ends in the same place", async () => {
    await fc.assert(
      fc.asyncProperty(situations, fc.constantFrom("present", "absent"), async ({ before, list }, goal) => {
        const whole = new ModelProvider(before);
        const plan = await planOf(inputOf(whole, list, goal));
        fc.pre(plan.refusals.length === 0);
        await applyPlan(plan);
        for (let cut = 0; cut < whole.writes.length; cut += 1) {
          const broken = new ModelProvider(before);
          broken.failAfter = cut;
          const first = await applyPlan(await planOf(inputOf(broken, list, goal)));
          assert.notEqual(first.failed.length, 0);
          broken.failAfter = undefined;
          const rest = await applyPlan(await planOf(inputOf(broken, list, goal)));
          assert.deepEqual([rest.failed, rest.skipped], [[], []]);
          assert.deepEqual(settled(broken), settled(whole));
        }
      }),
    );
  });

  test("where anything fails, all that was not done is named, what carries others stays, and the next run finishes it", async () => {
    await fc.assert(
      fc.asyncProperty(
        situations,
        fc.subarray([...names], { minLength: 1 }),
        fc.subarray([...names]),
        async ({ before, list }, failing, rights) => {
          const provider = new ModelProvider(before);
          const input = inputOf(provider, list, "present");
          const isRight = ({ id }: Resource): boolean => rights.some((one) => one === id);
          const owned = (input.owned ?? []).map((one) =>
            isRight(one) ? { ...one, isRight: true as const } : one,
          );
          const wanted = async (): Promise<Plan> => planOf({ ...input, owned });
          const plan = await wanted();
          fc.pre(plan.refusals.length === 0);
          provider.onWrite = (name) => {
            if (failing.some((one) => one === name)) throw new Error("refused");
          };
          const { done, failed, skipped } = await applyPlan(plan);
          const ids = [...done, ...failed.map(({ change }) => change), ...skipped].map(
            ({ resource }) => resource.id,
          );
          assert.equal(new Set(ids).size, ids.length, "each is named once");
          for (const { kind, resource } of plan.changes)
            assert.ok(kind === "none" || ids.includes(resource.id), `${resource.id} is not named`);
          const isUndone = [...failed.map(({ change }) => change), ...skipped].some(
            ({ kind }) => kind !== "delete",
          );
          const gone = plan.changes.filter(
            ({ kind, resource }) => kind === "delete" && !provider.things.has(resource.id),
          );
          // Something goes with what it stands in, which was shown to be replaced.
          const isInside = ({ observed }: Change): boolean =>
            observed.exists && (observed.state as Thing).inside !== undefined;
          for (const change of gone)
            if (isUndone) assert.ok(isRight(change.resource) || isInside(change), change.resource.id);
          provider.onWrite = () => {};
          const rest = await applyPlan(await wanted());
          assert.deepEqual([rest.failed, rest.skipped], [[], []]);
          assert.equal(isEmpty(await wanted()), true);
        },
      ),
    );
  });

  test("nothing is done but what was shown, and what follows from what was shown to change before it", async () => {
    await fc.assert(
      fc.asyncProperty(situations, async ({ before, list }) => {
        const provider = new ModelProvider(before);
        const plan = await planOf(inputOf(provider, list, "present"));
        fc.pre(plan.refusals.length === 0);
        const { done } = await applyPlan(plan);
        for (const { resource, kind } of done) {
          const shown = plan.changes.find((one) => one.resource.id === resource.id);
          assert.ok(shown);
          if (shown.kind === kind) continue;
          const causes = dependencies(plan.changes, shown).filter((one) => one.kind === "replace");
          assert.notEqual(causes.length, 0, `${shown.kind} was shown for ${resource.id}, ${kind} was done`);
          assert.notEqual(kind, "replace");
        }
      }),
    );
  });

  test("a plan made again is the same until something of it moves", async () => {
    await fc.assert(
      fc.asyncProperty(
        situations,
        fc.constantFrom(...names),
        value,
        async ({ before, list }, name, moved) => {
          const provider = new ModelProvider(before);
          const shown = async (): Promise<ReturnType<typeof savedChanges>> => {
            const saved = savedChanges(await planOf(inputOf(provider, list, "present")));
            return JSON.parse(JSON.stringify(saved)) as ReturnType<typeof savedChanges>;
          };
          const first = await shown();
          for (const [one, thing] of provider.things)
            provider.things.set(one, { ...thing, traffic: Math.random() });
          assert.deepEqual(movedBetween(first, await shown()), []);
          const thing = provider.things.get(name);
          provider.things.set(name, { ...thing, value: `${moved}x`, tags: thing?.tags ?? {} });
          assert.ok(movedBetween(first, await shown()).includes(name));
        },
      ),
    );
  });

  test("everything is made after what it needs, and deleted before", async () => {
    await fc.assert(
      fc.asyncProperty(situations, async ({ list }) => {
        const provider = new ModelProvider();
        const up = await planOf(inputOf(provider, list, "present"));
        await applyPlan(up);
        const made = [...new Set(provider.writes.splice(0))];
        const down = await planOf(inputOf(provider, list, "absent"));
        await applyPlan(down);
        for (const change of up.changes) {
          const { id } = change.resource;
          const specified = dependencies(up.changes, change).filter(({ kind }) => kind === "create");
          for (const needed of specified.map(({ resource }) => resource.id)) {
            assert.ok(made.indexOf(needed) < made.indexOf(id), `${id} was made before ${needed}`);
            const { writes } = provider;
            assert.ok(writes.indexOf(id) < writes.indexOf(needed), `${id} was deleted after ${needed}`);
          }
        }
        assert.deepEqual([...provider.things.keys()], []);
      }),
    );
  });
});
