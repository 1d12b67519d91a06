/** What a tenant's failing bindings cost the account that all tenants share: calls in an hour of the operator's clock. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { type JsonRecord, recordOf } from "../../../src/core/base/index.ts";
import type { Controller, KeySource } from "../../../src/operator/controller/index.ts";
import { WorkQueue } from "../../../src/operator/controller/queue.ts";
import { bindingControllers, ClusterView } from "../../../src/operator/bindings/index.ts";
import { account, ssm } from "../../support/bindings/objects.ts";
import { keyOf, type PassWorld, passWorld } from "../../support/bindings/pass-world.ts";

const hour = 3_600_000;

const stub = (keys: () => Iterable<string> = () => []): KeySource => ({
  synced: true,
  untilSynced: () => Promise.resolve(),
  keys,
  subscribe: () => () => {},
});

/** Policies that nobody has made. */
const missing = (count: number, of = "shop"): readonly string[] =>
  Array.from({ length: count }, (_, index) => `arn:aws:iam::${account}:policy/${of}/none-${index}`);

const profile = (name: string, policies: readonly string[]): JsonRecord => ({
  profile: name,
  managed: { policies },
});

interface Hours extends PassWorld {
  readonly controller: Controller;
  /** Has every binding's passes as they are due, for so many milliseconds. Gives how many each had. */
  readonly run: (ms: number) => Promise<ReadonlyMap<string, number>>;
  readonly ready: (key: string) => string | undefined;
  /** Writes the trust anew, with what grant good says more. */
  readonly good: (more: JsonRecord) => void;
  /** How often an action was called since the world began. */
  readonly count: (action: string) => number;
}

async function hours(t: TestContext): Promise<Hours> {
  const world = await passWorld(t);
  const good = (more: JsonRecord): void =>
    void world.trust({
      stack: "prod",
      issuer: world.sandbox.issuer.issuer,
      accounts: [{ id: account, region: "eu-central-1" }],
      grants: [
        {
          name: "shop",
          namespaces: ["shop"],
          accounts: [account],
          policies: [`arn:aws:iam::${account}:policy/*`],
        },
        { name: "good", namespaces: ["good"], accounts: [account], policies: [ssm], ...more },
      ],
    });
  good({});
  const { clients, clock, objects } = world;
  const view = new ClusterView(clients.cluster, clock);
  const bindings = function* (): Generator<string> {
    for (const { kind, metadata } of objects.values())
      if (kind === "AWSRoleBinding") yield `${metadata.namespace ?? ""}/${metadata.name}`;
  };
  const followers: ((name: string) => void)[] = [];
  const trusts: KeySource = {
    ...stub(() => ["default"]),
    subscribe(changed) {
      followers.push(changed);
      return () => {};
    },
  };
  const [controller] = bindingControllers({
    api: clients.cluster,
    aws: clients.aws,
    clock,
    bindings: stub(bindings),
    trustOf: () => "default",
    trusts,
    accounts: stub(),
    view,
    report: () => Promise.resolve(),
  }) as [Controller];
  let over = new AbortController();
  let end = 0;
  const queue = new WorkQueue({
    clock: {
      now: () => clock.now(),
      elapsed: () => clock.elapsed(),
      sleep(ms) {
        const left = end - clock.elapsed();
        clock.move(Math.max(0, Math.min(ms, left)));
        if (ms >= left) over.abort();
        return Promise.resolve();
      },
    },
  });
  const known = new Map<string, string>();
  /** What a watch shows of an object as another one. */
  const versionOf = (key: string): string => {
    const { generation, deletionTimestamp } = objects.get(key)?.metadata ?? {};
    return JSON.stringify([generation, deletionTimestamp]);
  };
  /** Whether it has changed since this was asked. */
  const isChanged = (key: string): boolean => {
    const [before, now] = [known.get(key), versionOf(key)];
    known.set(key, now);
    return before !== now;
  };
  /** What a watch would have at once. */
  const followed = (): void => {
    const isAnew = isChanged(keyOf("AWSTrust", undefined, "default"));
    if (isAnew) for (const changed of followers) changed("default");
    for (const key of bindings()) if (isChanged(`AWSRoleBinding ${key}`) || isAnew) queue.add(key);
  };
  const run = async (ms: number): Promise<ReadonlyMap<string, number>> => {
    const passes = new Map<string, number>();
    [over, end] = [new AbortController(), clock.elapsed() + ms];
    for (;;) {
      followed();
      for (const object of objects.values()) if (object.kind === "AWSRoleBinding") view.sees(object, "none");
      const key = await queue.take(over.signal).catch(() => undefined);
      if (key === undefined) break;
      const { signal } = new AbortController();
      queue.done(key, (await controller.reconcile(key, { signal, assertHeld: () => {} })) ?? {});
      passes.set(key, (passes.get(key) ?? 0) + 1);
      if (!objects.has(`AWSRoleBinding ${key}`)) view.gone(key);
    }
    return passes;
  };
  return Object.assign(world, {
    controller,
    run,
    good,
    ready(key: string) {
      const status = objects.get(`AWSRoleBinding ${key}`)?.["status"] as
        | { readonly conditions: readonly { readonly type: string; readonly reason: string }[] }
        | undefined;
      return status?.conditions.find(({ type }) => type === "Ready")?.reason;
    },
    count: (action: string) => world.calls.filter((call) => call.action === action).length,
  });
}

describe("what fails until a person mends it", () => {
  test("a binding with 20 missing policies has a dozen passes in an hour, not 720, and each asks at most once for each", async (t) => {
    const world = await hours(t);
    world.bind({ roles: [profile("default", missing(10)), profile("other", missing(10, "other"))] });
    const passes = (await world.run(hour)).get("shop/web") ?? 0;
    assert.equal(world.ready("shop/web"), "PolicyMissing");
    assert.ok(passes >= 8 && passes <= 14, `${passes} passes`);
    const asked = world.count("GetPolicy");
    // The first passes, of 5, 10 and 20 s, share one memory of 45 s.
    assert.ok(asked <= 20 * (passes - 2), `${asked} times asked in ${passes} passes`);
  });

  test("another generation of the binding begins with the short wait again", async (t) => {
    const world = await hours(t);
    world.bind({ roles: [profile("default", missing(1))] });
    await world.run(hour / 2);
    world.bind({ roles: [profile("default", missing(2))] });
    // The pass that a watch would have at once.
    const passes = (await world.run(hour / 2)).get("shop/web") ?? 0;
    assert.ok(passes >= 5, `${passes} passes after the change`);
  });

  test("ten such bindings of one tenant keep a good one of another waiting for no pass of theirs", async (t) => {
    const world = await hours(t);
    for (let index = 0; index < 10; index += 1)
      world.bind({ roles: [profile("default", missing(4, `shop${index}`))] }, { name: `bad-${index}` });
    await world.run(hour / 2);
    const before = world.calls.length;
    world.bind({ roles: [profile("default", [ssm])] }, { namespace: "good" });
    await world.run(180_000);
    assert.equal(world.ready("good/web"), "StsAccepted");
    const wasted = world.calls.slice(before).filter(({ action, input }) => {
      return action === "GetPolicy" && String(input["PolicyArn"]).includes("/none-");
    });
    assert.ok(wasted.length <= 4 * 10, `${wasted.length} calls for the failing ones meanwhile`);
    await world.run(hour / 2 - 180_000);
    const asked = world.count("GetPolicy");
    assert.ok(asked <= 10 * 4 * 14, `${asked} calls in an hour`);
  });
});

describe("how many passes one tenant has at a time", () => {
  test("is half of all, together for the namespaces that one grant names, once a pass has read the trust", async (t) => {
    const world = await hours(t);
    const { perShare = 0, concurrency = 0, shareOf } = world.controller;
    assert.equal(perShare, concurrency / 2);
    const namespaces = ["good", "good-test", "shop"];
    const shares = (): readonly unknown[] => namespaces.map((one) => shareOf?.(`${one}/web`));
    assert.deepEqual(shares(), namespaces);
    world.good({ namespaces: ["good", "good-test"] });
    world.bind({ roles: [profile("default", missing(1))] }, { namespace: "shop" });
    await world.run(1000);
    assert.deepEqual(shares(), ["default/good", "default/good", "default/shop"]);
    world.good({});
    await world.run(60_000);
    assert.deepEqual(shares(), ["default/good", "good-test", "default/shop"]);
  });
});

describe("what one tenant names", () => {
  test("bindings of one namespace that name several trusts, or one that is not there, have one share", async (t) => {
    const world = await hours(t);
    const { shareOf } = world.controller;
    world.bind({ roles: [profile("default", missing(1))] }, { name: "first" });
    world.bind({ trust: "none-1", roles: [profile("default", missing(1))] }, { name: "second" });
    await world.run(1000);
    const shares = new Set(["first", "second", "third"].map((name) => shareOf?.(`shop/${name}`)));
    assert.deepEqual([...shares], ["default/shop"]);
  });
});

describe("a role that IAM refuses", () => {
  test("is the user's mistake with AWS's own text, and nothing that AWS could not be asked about", async (t) => {
    const world = await hours(t);
    const failure = Object.assign(new Error("Duplicate tag keys found."), { name: "InvalidInput" });
    world.refusal = ({ action }) => (action === "CreateRole" ? failure : undefined);
    world.bind({ roles: [profile("default", [ssm])] }, { namespace: "good" });
    await world.run(hour);
    assert.equal(world.ready("good/web"), "InputInvalid");
    assert.ok(world.count("CreateRole") <= 14, `${world.count("CreateRole")} tries in an hour`);
  });
});

describe("a grant that gives so many roles", () => {
  async function three(t: TestContext): Promise<Hours> {
    const world = await hours(t);
    world.good({ maxRoles: 2 });
    for (const name of ["a", "b", "c"])
      world.bind({ roles: [profile("default", [ssm])] }, { namespace: "good", name });
    await world.run(180_000);
    return world;
  }
  const reasons = (world: Hours): readonly unknown[] =>
    ["a", "b", "c"].map((name) => world.ready(`good/${name}`));
  const messageOf = ({ objects }: Hours, key: string): string =>
    JSON.stringify(objects.get(`AWSRoleBinding ${key}`));

  test("gives no more, and a binding beyond them says which grant is full, until there is room", async (t) => {
    const world = await three(t);
    assert.deepEqual(reasons(world), ["StsAccepted", "StsAccepted", "GrantFull"]);
    assert.match(messageOf(world, "good/c"), /grant good gives 2 managed roles/u);
    assert.deepEqual((await world.roles()).map(({ name }) => name).sort(), ["prod.good.a", "prod.good.b"]);
    world.good({ maxRoles: 3 });
    await world.run(180_000);
    assert.deepEqual(reasons(world), ["StsAccepted", "StsAccepted", "StsAccepted"]);
  });

  test("does not count a role that stays without its binding", async (t) => {
    const world = await hours(t);
    world.good({ maxRoles: 1, retain: true });
    const managed = { policies: [ssm], onDelete: "Retain" };
    world.bind({ roles: [{ profile: "default", managed }] }, { namespace: "good", name: "a" });
    world.bind({ roles: [profile("default", [ssm])] }, { namespace: "good", name: "b" });
    await world.run(180_000);
    assert.equal(world.ready("good/b"), "GrantFull");
    const object = world.objects.get("AWSRoleBinding good/a");
    assert.ok(object !== undefined);
    const metadata = { ...object.metadata, deletionTimestamp: "2026-11-28T00:00:00Z" };
    world.objects.set("AWSRoleBinding good/a", { ...object, metadata });
    await world.run(180_000);
    assert.equal(world.ready("good/b"), "StsAccepted");
    assert.deepEqual((await world.roles()).map(({ name }) => name).sort(), ["prod.good.a", "prod.good.b"]);
  });

  test("closes the youngest roles where it gives fewer than there are, and leaves the oldest as they are", async (t) => {
    const world = await three(t);
    const before = await world.role("prod.good.a");
    world.good({ maxRoles: 1 });
    await world.run(180_000);
    assert.equal(world.ready("good/b"), "GrantFull");
    assert.deepEqual((await world.role("prod.good.b"))?.policies, []);
    assert.deepEqual(await world.role("prod.good.a"), before);
  });

  test("leaves the roles of others as they are, however often a tenant edits a binding whose roles are never made", async (t) => {
    const world = await three(t);
    // Of the same grant, and older than the others by its name; it has one role.
    world.good({ maxRoles: 3, policies: [ssm, `arn:aws:iam::${account}:policy/*`] });
    const whose = { namespace: "good", name: "Evil" };
    world.bind({ roles: [profile("default", [ssm])] }, whose);
    await world.run(180_000);
    const before = await Promise.all(["prod.good.a", "prod.good.b"].map(world.role));
    for (let edit = 0; edit < 31; edit += 1) {
      world.bind({ roles: [profile("default", [ssm]), profile(`p${edit}`, missing(1, "team"))] }, whose);
      await world.run(20_000);
      const { pendingRoles = [] } = recordOf(world.objects.get("AWSRoleBinding good/Evil")?.["status"]) as {
        pendingRoles?: readonly unknown[];
      };
      assert.ok(pendingRoles.length <= 8, `${pendingRoles.length} announced after edit ${edit}`);
    }
    await world.run(hour);
    assert.deepEqual(await Promise.all(["prod.good.a", "prod.good.b"].map(world.role)), before);
    assert.deepEqual([world.ready("good/a"), world.ready("good/b")], ["StsAccepted", "StsAccepted"]);
  });

  test("leaves a role to its binding where an older one asks for more", async (t) => {
    const world = await three(t);
    const more = [profile("default", [ssm]), profile("other", [ssm])];
    world.bind({ roles: more }, { namespace: "good", name: "a" });
    await world.run(180_000);
    assert.deepEqual(reasons(world), ["GrantFull", "StsAccepted", "GrantFull"]);
    assert.deepEqual((await world.role("prod.good.a"))?.policies, [ssm]);
    assert.deepEqual((await world.role("prod.good.b"))?.policies, [ssm]);
  });
});
