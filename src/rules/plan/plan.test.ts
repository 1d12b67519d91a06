import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type ModelSpec,
  modelResource,
  ModelProvider,
  type Thing,
} from "../../../test/support/model-provider.ts";
import { PodtrustError } from "../../core/base/index.ts";
import { type ApplyEvent, applyPlan, isEmpty, awsTags, type Plan, planOf, type Resource } from "./index.ts";
import { otherIdentity, stackOwner } from "../../../test/support/stack-owner.ts";

const ours = (value: string): Thing => ({ value, tags: awsTags.of(stackOwner()) });

const spec = (name: string, value: string, dependsOn: readonly string[] = []): ModelSpec => ({
  stack: "prod",
  name,
  value,
  dependsOn,
});

const resources = (provider: ModelProvider, ...specs: ModelSpec[]): Resource[] =>
  specs.map((one) => modelResource(provider, one));

const textOf = (event: ApplyEvent): string =>
  event.type === "confirming"
    ? `confirming ${event.changes.map(({ resource }) => resource.id).join(" ")}`
    : `${event.type} ${event.change.resource.id}`;

const kinds = (plan: Plan): string[] => plan.changes.map(({ kind, resource }) => `${kind} ${resource.id}`);

describe("a plan", () => {
  test("creates in order of dependency, whatever the order of the list", async () => {
    const provider = new ModelProvider();
    const plan = await planOf({
      desired: resources(provider, spec("c", "3", ["b", "elsewhere"]), spec("a", "1"), spec("b", "2", ["a"])),
    });
    assert.deepEqual(kinds(plan), ["create a", "create b", "create c"]);
    assert.equal(isEmpty(plan), false);
    assert.deepEqual(provider.writes, []);
  });

  test("names each field that differs, and calls what cannot change in place a replacement", async () => {
    const provider = new ModelProvider({ a: ours("old"), b: ours("old"), c: ours("same") });
    const plan = await planOf({
      desired: resources(provider, spec("a", "new"), spec("b", "!new"), spec("c", "same")),
    });
    assert.deepEqual(kinds(plan), ["update a", "replace b", "none c"]);
    assert.deepEqual(plan.changes[0]?.fields, [{ field: "value", before: "old", after: "new" }]);
  });

  test("deletes what is ours and no longer wanted, last and dependents first", async () => {
    const provider = new ModelProvider({ a: ours("1"), b: ours("2"), z: { value: "", tags: {} } });
    const owned = resources(provider, spec("a", "1"), spec("b", "2", ["a"]), spec("z", ""), spec("gone", ""));
    const plan = await planOf({ desired: resources(provider, spec("n", "1")), owned });
    assert.deepEqual(kinds(plan), ["create n", "none gone", "none z", "delete b", "delete a"]);
    assert.match(plan.changes[2]?.reason ?? "", /left alone: belongs to an unknown owner/u);
    const upsert = await planOf({ desired: [], owned, policy: "upsert-only" });
    assert.deepEqual(kinds(upsert), ["none gone", "none z", "none b", "none a"]);
    assert.match(upsert.changes[2]?.reason ?? "", /this run deletes nothing/u);
  });

  test("the way down deletes what is ours, dependents first, and leaves the rest", async () => {
    const provider = new ModelProvider({ a: ours("1"), b: ours("2"), x: { value: "", tags: {} } });
    const desired = resources(provider, spec("a", "1"), spec("b", "2", ["a"]), spec("x", "", ["b"]));
    const plan = await planOf({ desired, goal: "absent" });
    assert.deepEqual(kinds(plan), ["none x", "delete b", "delete a"]);
    assert.match(plan.changes[0]?.reason ?? "", /^left alone: belongs to an unknown owner without tags/u);
    assert.deepEqual((await applyPlan(plan)).failed, []);
    assert.deepEqual([...provider.things.keys()], ["x"]);
  });

  test("what was left out of the way down stays, also where a listing finds that it is ours", async () => {
    const provider = new ModelProvider({ a: ours("1"), b: ours("2") });
    const [kept, doomed] = resources(provider, spec("a", "1"), spec("b", "2"));
    assert.ok(kept !== undefined && doomed !== undefined);
    const owned = resources(provider, spec("a", ""), spec("b", ""));
    const plan = await planOf({ desired: [doomed], owned, context: [kept], goal: "absent" });
    assert.deepEqual(kinds(plan), ["delete b"]);
    await applyPlan(plan);
    assert.deepEqual([...provider.things.keys()], ["a"]);
  });

  const otherOwners: [string, Thing["tags"], RegExp][] = [
    ["another stack of ours", awsTags.of(stackOwner("dev")), /podtrust stack "dev"/u],
    [
      "another config's stack of our name",
      awsTags.of({ stack: "prod", identity: otherIdentity }),
      /another podtrust stack "prod" \(identity b0b0b0b0; this config's is 3f2a91bc\)$/u,
    ],
    [
      "a newer podtrust",
      { "podtrust:stack": "prod", "podtrust:format": "2" },
      /newer podtrust \(its tags have format 2/u,
    ],
    ["CloudFormation", { "aws:cloudformation:stack-name": "net" }, /CloudFormation stack net/u],
    ["eksctl", { "alpha.eksctl.io/cluster-name": "c1" }, /eksctl \(c1\)/u],
    ["Pulumi", { "pulumi:project": "p" }, /Pulumi project p/u],
    ["Service Catalog", { "aws:servicecatalog:productArn": "x" }, /Service Catalog/u],
    ["an installer", { "kubernetes.io/cluster/c1": "owned" }, /installer/u],
    ["a tool that manages it", { ManagedBy: "Terraform" }, /Terraform \(tag ManagedBy\)/u],
    ["Terraform", { "terraform:workspace": "x" }, /Terraform/u],
    ["an owner", { Owner: "team-a" }, /team-a \(tag Owner\)/u],
    ["an unknown owner", { other: "x" }, /without tags/u],
  ];
  for (const [who, tags, text] of otherOwners) {
    test(`a name taken by ${who} is an error that says so, and nothing is touched`, async () => {
      const provider = new ModelProvider({ a: { value: "theirs", tags } });
      const plan = await planOf({ desired: resources(provider, spec("b", "1"), spec("a", "1")) });
      assert.equal(plan.refusals.length, 1);
      assert.equal(plan.refusals[0]?.code, "plan-name-taken");
      assert.match(plan.refusals[0]?.message ?? "", text);
      const blocked = plan.changes.find(({ kind }) => kind === "blocked");
      assert.equal(blocked?.resource.id, "a");
      assert.match(blocked?.reason ?? "", /^exists already and belongs to /u);
      assert.equal(isEmpty(plan), false);
      await assert.rejects(applyPlan(plan), { code: "plan-name-taken" });
      assert.deepEqual(provider.writes, []);
    });
  }

  test("what may be adopted is taken over, its tags among the changes; a newer podtrust's is not", async () => {
    const provider = new ModelProvider({ a: { value: "1", tags: {} } });
    const adopt = new Set(["a"]);
    const plan = await planOf({ desired: resources(provider, spec("a", "1")), adopt });
    assert.deepEqual(
      plan.changes[0]?.fields.map(({ field }) => field),
      ["tags"],
    );
    await applyPlan(plan);
    assert.deepEqual(provider.things.get("a")?.tags, awsTags.of(stackOwner()));
    provider.things.set("a", { value: "1", tags: { "podtrust:stack": "prod", "podtrust:format": "9" } });
    const newer = await planOf({ desired: resources(provider, spec("a", "1")), adopt });
    assert.equal(newer.refusals[0]?.code, "plan-name-taken");
  });

  test("a tag with a damaged format is still ours, and repaired", async () => {
    const provider = new ModelProvider({ a: { value: "1", tags: { "podtrust:stack": "prod" } } });
    const plan = await planOf({ desired: resources(provider, spec("a", "1")) });
    assert.deepEqual(kinds(plan), ["update a"]);
  });

  test("a resource's own refusal stops the whole plan", async () => {
    const provider = new ModelProvider({ a: ours("1") });
    const [resource] = resources(provider, spec("a", "1"));
    assert.ok(resource);
    const refusal = new PodtrustError("usage", "no");
    const stubborn: Resource = { ...resource, diff: () => ({ kind: "update", fields: [], refusal }) };
    const plan = await planOf({ desired: [stubborn] });
    assert.deepEqual(plan.refusals, [refusal]);
    await assert.rejects(applyPlan(plan), { code: "usage" });
    // The same refusal found only at the second look stops this one change.
    const late = await planOf({ desired: [{ ...resource, diff: () => ({ kind: "update", fields: [] }) }] });
    const outcome = await applyPlan({
      ...late,
      changes: late.changes.map((change) => ({ ...change, resource: stubborn })),
    });
    assert.equal(outcome.failed[0]?.error.code, "usage");
  });

  test("two of one id, and circles, are mistakes of the caller", async () => {
    const provider = new ModelProvider();
    await assert.rejects(planOf({ desired: resources(provider, spec("a", "1"), spec("a", "2")) }), TypeError);
    const circle = resources(provider, spec("a", "1", ["b"]), spec("b", "1", ["a"]));
    await assert.rejects(planOf({ desired: circle }), /depends on itself/u);
  });

  test("a provider that cannot be read is an error, not an absence", async () => {
    const [resource] = resources(new ModelProvider(), spec("a", "1"));
    assert.ok(resource);
    const dead: Resource = { ...resource, read: () => Promise.reject(new Error("no answer")) };
    await assert.rejects(planOf({ desired: [dead] }), /no answer/u);
  });
});

describe("applying a plan", () => {
  test("reads everything again before it is changed, except what is known to be absent for certain", async () => {
    for (const readsBeforeCreate of [true, false]) {
      const provider = new ModelProvider({ b: ours("old") });
      const plan = await planOf({ desired: resources(provider, spec("a", "1"), spec("b", "new")) });
      provider.reads.length = 0;
      const { failed, done } = await applyPlan(plan, { readsBeforeCreate });
      assert.deepEqual([failed, done.length], [[], 2]);
      assert.deepEqual(provider.reads.toSorted(), readsBeforeCreate ? ["a", "b"] : ["b"]);
    }
  });

  test("reports each step, then a second plan is empty", async () => {
    const provider = new ModelProvider({ b: ours("!old"), c: ours("same") });
    const desired = resources(provider, spec("a", "1"), spec("b", "!new", ["a"]), spec("c", "same"));
    const events: ApplyEvent[] = [];
    const outcome = await applyPlan(await planOf({ desired }), { onEvent: (event) => events.push(event) });
    assert.deepEqual(events.map(textOf), [
      "started a",
      "waiting a",
      "done a",
      "started b",
      "waiting b",
      "done b",
    ]);
    assert.deepEqual(provider.writes, ["a", "a", "b", "b", "b"]);
    assert.equal(outcome.done.length, 2);
    assert.equal(isEmpty(await planOf({ desired })), true);
  });

  test("what fails skips only what needs it", async () => {
    const provider = new ModelProvider();
    provider.onWrite = (name) => {
      if (name === "a") throw new Error("out of order");
    };
    const desired = resources(
      provider,
      spec("a", "1"),
      spec("b", "1", ["a"]),
      spec("c", "1", ["b"]),
      spec("d", "1"),
    );
    const outcome = await applyPlan(await planOf({ desired }));
    assert.deepEqual(
      outcome.failed.map(({ change, error }) => [change.resource.id, error.message]),
      [["a", "out of order"]],
    );
    assert.deepEqual(
      outcome.skipped.map(({ resource }) => resource.id),
      ["b", "c"],
    );
    assert.deepEqual([...provider.things.keys()], ["d"]);
  });

  const changed = (failing: string): ModelProvider => {
    const provider = new ModelProvider({ old: ours("1"), role: ours("1"), other: ours("1") });
    provider.onWrite = (name) => {
      if (name === failing) throw new Error("out of order");
    };
    return provider;
  };
  const renamed = async (provider: ModelProvider): Promise<Plan> =>
    planOf({
      desired: resources(provider, spec("new", "1"), spec("user", "1", ["new"])),
      owned: [
        ...resources(provider, spec("old", ""), spec("other", "")),
        modelResource(provider, { ...spec("role", "", ["old"]), isRight: true }),
      ],
    });

  test("where something was not made, what is no longer wanted stays until a run makes everything, and rights go", async () => {
    const provider = changed("new");
    const events: ApplyEvent[] = [];
    await applyPlan(await renamed(provider), { onEvent: (event) => events.push(event) });
    assert.deepEqual([...provider.things.keys()], ["old", "other"]);
    assert.deepEqual(
      events.flatMap((event) => (event.type === "skipped" ? [[event.change.resource.id, event.reason]] : [])),
      [
        ["user", "new was not done"],
        ["other", "waits for the next run, since new was not done"],
        ["old", "waits for the next run, since new was not done"],
      ],
    );
    provider.onWrite = () => {};
    assert.deepEqual((await applyPlan(await renamed(provider))).skipped, []);
    assert.deepEqual([...provider.things.keys()], ["new", "user"]);
  });

  test("a right that cannot be deleted keeps what it depends on, and nothing else", async () => {
    const provider = changed("role");
    const outcome = await applyPlan(await renamed(provider));
    assert.deepEqual(
      outcome.skipped.map(({ resource }) => resource.id),
      ["old"],
    );
    assert.deepEqual([...provider.things.keys()].toSorted(), ["new", "old", "role", "user"]);
  });

  test("on the way down, what still has dependents stays", async () => {
    const provider = new ModelProvider({ a: ours("1"), b: ours("1") });
    provider.onWrite = (name) => {
      if (name === "b") throw new Error("DeleteConflict");
    };
    const desired = resources(provider, spec("a", "1"), spec("b", "1", ["a"]));
    const outcome = await applyPlan(await planOf({ desired, goal: "absent" }));
    assert.deepEqual(
      outcome.skipped.map(({ resource }) => resource.id),
      ["a"],
    );
    assert.deepEqual([...provider.things.keys()], ["a", "b"]);
  });

  test("what was done between showing and acting is left; what changed otherwise is an error", async () => {
    const provider = new ModelProvider({ gone: ours("1") });
    const desired = resources(provider, spec("a", "1"), spec("b", "1"), spec("c", "1"));
    const plan = await planOf({ desired, owned: resources(provider, spec("gone", "1")) });
    provider.things.set("a", ours("1"));
    provider.things.set("b", ours("other"));
    provider.things.set("c", { value: "1", tags: {} });
    provider.things.delete("gone");
    const events: ApplyEvent[] = [];
    const outcome = await applyPlan(plan, { onEvent: (event) => events.push(event) });
    assert.deepEqual(provider.writes, []);
    assert.deepEqual(
      outcome.failed.map(({ error }) => error.code),
      ["plan-changed", "plan-name-taken"],
    );
    await applyPlan(
      { ...plan, changes: plan.changes.filter(({ resource }) => resource.id === "gone") },
      { onEvent: (event) => events.push(event) },
    );
    const finished = events.map(textOf).filter((text) => text.startsWith("already-done"));
    assert.deepEqual(finished, ["already-done a", "already-done gone"]);
  });

  test("a signal ends the run between changes, and a change under way as interrupted", async () => {
    const provider = new ModelProvider();
    const ending = new AbortController();
    provider.onWrite = () => {
      ending.abort();
      throw new Error("cut off");
    };
    const desired = resources(provider, spec("a", "1"), spec("b", "1"), spec("c", "1", ["a"]));
    const outcome = await applyPlan(await planOf({ desired }), { signal: ending.signal });
    assert.deepEqual(
      outcome.failed.map(({ change, error }) => [change.resource.id, error.code]),
      [["a", "interrupted"]],
    );
    assert.deepEqual(
      outcome.skipped.map(({ resource }) => resource.id),
      ["b", "c"],
    );
  });
});
