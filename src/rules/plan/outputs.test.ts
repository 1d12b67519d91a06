import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type ModelSpec, modelResource, ModelProvider } from "../../../test/support/model-provider.ts";
import {
  type ApplyEvent,
  applyPlan,
  awsTags,
  isEmpty,
  isKnownAfter,
  mapKnown,
  noInputs,
  type Plan,
  planOf,
  type Resource,
  shownKnown,
} from "./index.ts";
import { Readings } from "./readings.ts";
import { stackOwner } from "../../../test/support/stack-owner.ts";

const spec = (name: string, value: string, more: Partial<ModelSpec> = {}): ModelSpec => ({
  stack: "prod",
  name,
  value,
  ...more,
});
const resources = (provider: ModelProvider, ...specs: ModelSpec[]): Resource[] =>
  specs.map((one) => modelResource(provider, one));
const kinds = (plan: Plan): string[] => plan.changes.map(({ kind, resource }) => `${kind} ${resource.id}`);
const ours = (value: string): { value: string; tags: Readonly<Record<string, string>> } => ({
  value,
  tags: awsTags.of(stackOwner()),
});
const doneKinds = (events: readonly ApplyEvent[]): string[] =>
  events.flatMap((event) =>
    event.type === "done" ? [`${event.change.kind} ${event.change.resource.id}`] : [],
  );

/** A server, and a record that is made of its serial. */
const pair = (provider: ModelProvider, server = "1"): Resource[] =>
  resources(provider, spec("server", server), spec("record", "at", { takes: "server" }));

/** A server whose serial becomes another by every change of it, which its difference does not say. */
function movedBy(provider: ModelProvider, server: Resource, serial: number): Resource {
  return {
    ...server,
    async apply(change, work) {
      await server.apply(change, work);
      const thing = provider.things.get("server");
      if (thing !== undefined) provider.things.set("server", { ...thing, serial });
    },
  };
}

describe("a field that is known only after another resource", () => {
  test("is known by what its making answered, where no reading shows that yet", async () => {
    const provider = new ModelProvider();
    const [server, record] = pair(provider);
    assert.ok(server !== undefined && record !== undefined);
    const lagging: Resource = {
      ...server,
      read: () => Promise.resolve({ exists: false }),
      async apply(change, work) {
        await server.apply(change, work);
        return provider.things.get("server");
      },
    };
    const { failed, done } = await applyPlan(await planOf({ desired: [lagging, record] }));
    assert.deepEqual([failed, done.length], [[], 2]);
    assert.equal(provider.things.get("record")?.value, `at#${provider.things.get("server")?.serial}`);
  });

  test("is shown as such, and resolved when the other was applied", async () => {
    const provider = new ModelProvider();
    const plan = await planOf({ desired: pair(provider).reverse() });
    assert.deepEqual(kinds(plan), ["create server", "create record"]);
    assert.deepEqual(plan.changes[1]?.fields, [
      { field: "value", before: undefined, after: { knownAfter: "server" } },
    ]);
    assert.deepEqual((await applyPlan(plan)).failed, []);
    assert.equal(provider.things.get("record")?.value, `at#${provider.things.get("server")?.serial}`);
    assert.equal(isEmpty(await planOf({ desired: pair(provider) })), true);
  });

  test("becomes unknown when the other is replaced, and is then accepted whatever it becomes", async () => {
    const provider = new ModelProvider();
    await applyPlan(await planOf({ desired: pair(provider, "!1") }));
    const before = provider.things.get("record")?.value;
    const plan = await planOf({ desired: pair(provider, "!2") });
    assert.deepEqual(kinds(plan), ["replace server", "update record"]);
    assert.deepEqual(plan.changes[1]?.fields, [{ field: "value", before, after: { knownAfter: "server" } }]);
    assert.deepEqual((await applyPlan(plan)).failed, []);
    assert.notEqual(provider.things.get("record")?.value, before);
  });

  test("becomes unknown when what the other stands in is replaced: the other goes with it", async () => {
    const provider = new ModelProvider();
    const specified = (volume: string): Resource[] =>
      resources(
        provider,
        spec("volume", volume),
        spec("server", "1", { inside: "volume" }),
        spec("record", "!at", { takes: "server" }),
      );
    await applyPlan(await planOf({ desired: specified("!1") }));
    const plan = await planOf({ desired: specified("!2") });
    assert.deepEqual(kinds(plan), ["replace volume", "none server", "replace record"]);
    assert.deepEqual(plan.changes[2]?.fields[0]?.after, { knownAfter: "server" });
    assert.deepEqual((await applyPlan(plan)).failed, []);
    assert.equal(isEmpty(await planOf({ desired: specified("!2") })), true);
  });

  test("is known where the other stays, and where the other is changed in place", async () => {
    const provider = new ModelProvider();
    await applyPlan(await planOf({ desired: pair(provider, "1") }));
    assert.deepEqual(kinds(await planOf({ desired: pair(provider, "2") })), ["update server", "none record"]);
  });

  test("is unknown too where a change in place gives new outputs, and shown when it is resolved", async () => {
    const provider = new ModelProvider();
    await applyPlan(await planOf({ desired: pair(provider, "1") }));
    const [server, record] = pair(provider, "2");
    assert.ok(server && record);
    const moving: Resource = {
      ...movedBy(provider, server, 77),
      diff: (observed, inputs) => ({ ...server.diff(observed, inputs), newOutputs: true }),
    };
    const plan = await planOf({ desired: [moving, record] });
    assert.deepEqual(kinds(plan), ["update server", "update record"]);
    await applyPlan(plan);
    assert.equal(provider.things.get("record")?.value, "at#77");
  });

  test("is compared again after a change in place that moved it without saying so", async () => {
    const provider = new ModelProvider();
    await applyPlan(await planOf({ desired: pair(provider, "1") }));
    const [server, record] = pair(provider, "2");
    assert.ok(server && record);
    const moving = movedBy(provider, server, 78);
    const events: ApplyEvent[] = [];
    const plan = await planOf({ desired: [moving, record] });
    assert.deepEqual(kinds(plan), ["update server", "none record"]);
    await applyPlan(plan, { onEvent: (event) => events.push(event) });
    assert.deepEqual(doneKinds(events), ["update server", "update record"]);
    assert.equal(provider.things.get("record")?.value, "at#78");
  });

  test("is read from a resource that is no part of this run, and from what that one is made of", async () => {
    const provider = new ModelProvider();
    const all = resources(
      provider,
      spec("net", "1"),
      spec("server", "1", { takes: "net" }),
      spec("record", "at", { takes: "server" }),
      spec("other", "1"),
    );
    await applyPlan(await planOf({ desired: all.slice(0, 2) }));
    provider.reads.splice(0);
    const plan = await planOf({ desired: all.slice(2, 3), context: [...all.slice(0, 2), ...all.slice(3)] });
    assert.deepEqual(provider.reads.toSorted(), ["net", "record", "server"]);
    assert.deepEqual(kinds(plan), ["create record"]);
    assert.deepEqual((await applyPlan(plan)).failed, []);
    assert.equal(provider.things.get("record")?.value, `at#${provider.things.get("server")?.serial}`);
  });

  test("of a resource that is no part of this run and does not exist refuses the plan by name", async () => {
    const provider = new ModelProvider();
    const [server, record] = pair(provider);
    assert.ok(server && record);
    const plan = await planOf({ desired: [record], context: [server] });
    assert.deepEqual(
      plan.refusals.map(({ code, message }) => [code, message]),
      [
        [
          "plan-needs-more",
          "record takes a value from server, which does not exist and is no part of this run",
        ],
      ],
    );
    // Something that nothing makes is a bug of the caller.
    await assert.rejects(planOf({ desired: [record] }), /of server is needed, which nothing makes/u);
  });

  test("that a resource does not give stays unknown, and is a bug of the resource that asks for it", async () => {
    const provider = new ModelProvider();
    const [server, record] = pair(provider);
    assert.ok(server && record);
    const mute: Resource = { ...server, outputs: () => ({}) };
    await applyPlan(await planOf({ desired: [mute] }));
    const { failed } = await applyPlan(await planOf({ desired: [mute, record] }));
    assert.match(failed[0]?.error.message ?? "", /record was applied before server/u);
  });

  test("never reaches a resource whose dependency failed", async () => {
    const provider = new ModelProvider();
    provider.onWrite = (name) => {
      if (name === "server") throw new Error("no capacity");
    };
    const outcome = await applyPlan(await planOf({ desired: pair(provider) }));
    assert.deepEqual(
      outcome.skipped.map(({ resource }) => resource.id),
      ["record"],
    );
    assert.deepEqual([...provider.things.keys()], []);
  });

  test("that moves otherwise than by what was unknown is still a plan that has changed", async () => {
    const provider = new ModelProvider({ record: ours("old") });
    const plan = await planOf({ desired: pair(provider) });
    assert.deepEqual(kinds(plan), ["create server", "update record"]);
    const thing = provider.things.get("record");
    provider.things.set("record", { ...thing, ...ours("other") });
    const { failed } = await applyPlan(plan);
    assert.deepEqual(
      failed.map(({ change, error }) => [change.resource.id, error.code]),
      [["record", "plan-changed"]],
    );
  });

  test("that turns out to be what exists already is left", async () => {
    const provider = new ModelProvider({ record: ours("at#2") });
    const plan = await planOf({ desired: pair(provider) });
    assert.deepEqual(kinds(plan), ["create server", "update record"]);
    const events: ApplyEvent[] = [];
    await applyPlan(plan, { onEvent: (event) => events.push(event) });
    assert.ok(events.some((event) => event.type === "already-done" && event.change.resource.id === "record"));
  });
});

describe("known values", () => {
  test("are made into others, and shown, without being known", () => {
    const unknown = { known: false, after: "server" } as const;
    assert.deepEqual(mapKnown(unknown, String), unknown);
    assert.deepEqual(mapKnown({ known: true, value: 1 }, String), { known: true, value: "1" });
    assert.deepEqual(shownKnown({ known: true, value: 1 }), 1);
    assert.equal(isKnownAfter(shownKnown(unknown)), true);
    for (const other of [null, 1, "knownAfter", { knownAfter: "x", more: 1 }])
      assert.equal(isKnownAfter(other), false);
    assert.throws(() => noInputs.get({ after: "server", name: "ip" }), /of server is asked for/u);
  });
});

describe("what depends on a thing that is replaced", () => {
  const nested = (provider: ModelProvider, home: string, value = "1"): Resource[] =>
    resources(
      provider,
      spec("home", home),
      spec("in", value, { inside: "home" }),
      spec("on", "1", { dependsOn: ["in"] }),
    );

  test("is shown as compared again, and made anew where it went with it", async () => {
    const provider = new ModelProvider();
    await applyPlan(await planOf({ desired: nested(provider, "!1") }));
    const plan = await planOf({ desired: nested(provider, "!2") });
    assert.deepEqual(kinds(plan), ["replace home", "none in", "none on"]);
    assert.deepEqual(
      plan.changes.map(({ reason }) => reason),
      [undefined, "compared again after home is replaced", "compared again after home is replaced"],
    );
    const events: ApplyEvent[] = [];
    assert.deepEqual((await applyPlan(plan, { onEvent: (event) => events.push(event) })).failed, []);
    assert.deepEqual(doneKinds(events), ["replace home", "create in"]);
    assert.equal(isEmpty(await planOf({ desired: nested(provider, "!2") })), true);
  });

  test("is made anew where it was to be changed in place", async () => {
    const provider = new ModelProvider();
    await applyPlan(await planOf({ desired: nested(provider, "!1") }));
    const plan = await planOf({ desired: nested(provider, "!2", "2") });
    assert.deepEqual(kinds(plan), ["replace home", "update in", "none on"]);
    assert.deepEqual((await applyPlan(plan)).failed, []);
    assert.equal(provider.things.get("in")?.value, "2");
  });

  test("is not replaced in turn without having been shown", async () => {
    const provider = new ModelProvider();
    const desired = (home: string): Resource[] =>
      resources(provider, spec("home", home), spec("on", "!1", { dependsOn: ["home"] }));
    await applyPlan(await planOf({ desired: desired("!1") }));
    const plan = await planOf({ desired: desired("!2") });
    const thing = provider.things.get("on");
    provider.things.set("on", { ...thing, ...ours("!3") });
    const { failed } = await applyPlan(plan);
    assert.deepEqual(
      failed.map(({ error }) => error.code),
      ["plan-changed"],
    );
    assert.equal(provider.things.get("on")?.value, "!3");
  });
});

describe("what depends on a thing that is changed in place", () => {
  test("and was changed by another program meanwhile is an error, not a repair that was never shown", async () => {
    const provider = new ModelProvider();
    await applyPlan(await planOf({ desired: pair(provider, "1") }));
    const [server, record] = pair(provider, "2");
    assert.ok(server && record);
    const moving = movedBy(provider, server, 79);
    const plan = await planOf({ desired: [moving, record] });
    const thing = provider.things.get("record");
    provider.things.set("record", { ...thing, ...ours("theirs") });
    const { failed } = await applyPlan(plan);
    assert.deepEqual(
      failed.map(({ change, error }) => [change.resource.id, error.code]),
      [["record", "plan-changed"]],
    );
  });

  test("is not read again at the provider where the change makes no difference to it", async () => {
    const provider = new ModelProvider();
    const desired = (value: string): Resource[] =>
      resources(provider, spec("a", value), spec("b", "1", { dependsOn: ["a"] }));
    await applyPlan(await planOf({ desired: desired("1") }));
    const plan = await planOf({ desired: desired("2") });
    provider.reads.splice(0);
    await applyPlan(plan);
    assert.deepEqual(provider.reads, ["a"]);
  });
});

describe("what stays as it is", () => {
  test("is neither done nor skipped where what it depends on fails, and what depends on it is skipped", async () => {
    const provider = new ModelProvider({ b: ours("1") });
    provider.onWrite = (name) => {
      if (name === "a") throw new Error("no");
    };
    const desired = resources(
      provider,
      spec("a", "1"),
      spec("b", "1", { dependsOn: ["a"] }),
      spec("c", "1", { dependsOn: ["b"] }),
    );
    const outcome = await applyPlan(await planOf({ desired }));
    assert.deepEqual([outcome.done, outcome.skipped.map(({ resource }) => resource.id)], [[], ["c"]]);
  });
});

describe("what was found already", () => {
  test("does not hold what was never read", () => {
    const [resource] = resources(new ModelProvider(), spec("a", "1"));
    assert.ok(resource);
    assert.deepEqual(new Readings().of(resource), { exists: false });
  });

  test("is not read again to make a plan, and is read afresh before it is changed", async () => {
    const provider = new ModelProvider({ a: ours("1") });
    const [resource] = resources(provider, spec("a", "2"));
    assert.ok(resource);
    const { signal } = new AbortController();
    const seen = new Map([["a", await resource.read(signal, noInputs)]]);
    provider.reads.splice(0);
    const plan = await planOf({ desired: [resource], seen });
    assert.deepEqual([kinds(plan), provider.reads], [["update a"], []]);
    await applyPlan(plan);
    assert.deepEqual(provider.reads, ["a"]);
  });
});

describe("a name with another owner", () => {
  test("comes with advice that fits the thing", async () => {
    const provider = new ModelProvider({ a: { value: "1", tags: awsTags.of(stackOwner("dev")) } });
    const ifTaken = "Leave it out with --skip a.";
    const plan = await planOf({ desired: resources(provider, spec("a", "1", { ifTaken })) });
    assert.equal(plan.refusals[0]?.next, ifTaken);
    const newer = { "podtrust:stack": "prod", "podtrust:format": "9" };
    provider.things.set("a", { value: "1", tags: newer });
    const again = await planOf({ desired: resources(provider, spec("a", "1", { ifTaken })) });
    assert.equal(again.refusals[0]?.next, "Use that podtrust, or a newer one.");
  });
});
