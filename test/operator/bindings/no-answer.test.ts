/** What is no answer cuts nothing: also where a part of the whole does not answer, and the rest does. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { PodtrustError, type JsonRecord } from "../../../src/core/base/index.ts";
import type { Controller, KeySource, Reconcile } from "../../../src/operator/controller/index.ts";
import { type BindingControllersOptions, bindingControllers } from "../../../src/operator/bindings/index.ts";
import { account } from "../../support/bindings/objects.ts";
import { makePolicies, readyOf, type PassWorld, passWorld } from "../../support/bindings/pass-world.ts";

const arn = (name: string): string => `arn:aws:iam::${account}:policy/shop/${name}`;
/** An account as which AWS does not know us. */
const unreachable = "444455556666";
const managed = (...policies: readonly string[]): JsonRecord => ({ policies: policies.map(arn) });

interface PartWorld extends PassWorld {
  readonly allows: (...policies: readonly string[]) => void;
  readonly policies: () => Promise<readonly string[] | undefined>;
}

async function partWorld(t: TestContext): Promise<PartWorld> {
  const world = await passWorld(t);
  const statement = { Effect: "Allow", Action: "s3:*", Resource: "*" };
  await makePolicies(world.iam, { "/shop/a": statement, "/shop/b": statement });
  const allows = (...policies: readonly string[]): void =>
    void world.trust({
      stack: "prod",
      issuer: world.sandbox.issuer.issuer,
      accounts: [
        { id: account, region: "eu-central-1" },
        { id: unreachable, region: "eu-west-1" },
      ],
      grants: [
        {
          name: "shop",
          namespaces: ["shop"],
          accounts: [account, unreachable],
          policies: policies.map(arn),
        },
      ],
    });
  allows("a", "b");
  const bound = Object.assign(world, {
    allows,
    policies: async () =>
      (await world.role("prod.shop.web"))?.policies.map((one) => one.split("/").at(-1) ?? ""),
  });
  bound.bind({ roles: [{ profile: "default", account, managed: managed("a", "b") }] });
  return bound;
}

describe("an account of the trust that cannot be reached", () => {
  test("is nothing to a binding that has no role there: its role is made, and cut", async (t) => {
    const world = await partWorld(t);
    assert.match(readyOf(await world.pass()), /RolePending|StsAccepted/u);
    assert.deepEqual((await world.policies())?.toSorted(), ["a", "b"]);
    world.allows("a");
    assert.equal(readyOf(await world.pass()), "False PolicyNotGranted");
    assert.deepEqual(await world.policies(), ["a"]);
  });

  test("keeps no role of another account from being cut, and ends the pass of a binding that has one there", async (t) => {
    const world = await partWorld(t);
    await world.pass();
    const other = `arn:aws:iam::${unreachable}:policy/shop/a`;
    world.bind({
      roles: [
        { profile: "default", account, managed: managed("a", "b") },
        { profile: "other", account: unreachable, managed: { policies: [other] } },
      ],
    });
    world.trust({
      ...(world.objects.get("AWSTrust /default")?.["spec"] as JsonRecord),
      grants: [
        {
          name: "shop",
          namespaces: ["shop"],
          accounts: [account, unreachable],
          policies: [arn("a"), other],
        },
      ],
    });
    await world.pass();
    assert.deepEqual(await world.policies(), ["a"]);
  });
});

/** The operator's controller of bindings in the world, and what was told on which object. */
function controllerOf(
  world: PassWorld,
  more: Partial<BindingControllersOptions> = {},
): { readonly pass: () => ReturnType<Controller["reconcile"]>; readonly reported: string[] } {
  const stub: KeySource = {
    synced: true,
    untilSynced: () => Promise.resolve(),
    keys: () => ["shop/web"],
    subscribe: () => () => {},
  };
  const reported: string[] = [];
  const [controller] = bindingControllers({
    api: world.clients.cluster,
    aws: world.clients.aws,
    clock: world.clock,
    bindings: stub,
    trustOf: () => "default",
    trusts: stub,
    accounts: stub,
    report: ({ kind }, { reason }) => Promise.resolve(void reported.push(`${kind} ${reason}`)),
    ...more,
  }) as [Controller];
  const run: Reconcile = { signal: new AbortController().signal, assertHeld: () => {} };
  return { pass: () => controller.reconcile("shop/web", run), reported };
}

const refusing = (world: PassWorld, kind: string): BindingControllersOptions["api"] => ({
  ...world.clients.cluster,
  read: (ref, options) =>
    ref.kind === kind
      ? Promise.reject(new PodtrustError("cluster-unreachable", "the API server does not answer"))
      : world.clients.cluster.read(ref, options),
});

describe("an API server that does not answer", () => {
  for (const kind of ["AWSTrust", "AWSRoleBinding"])
    test(`when asked for an ${kind} has nothing changed at AWS`, async (t) => {
      const world = await partWorld(t);
      await world.pass();
      world.changes();
      world.allows();
      world.clock.move(60_000);
      await assert.rejects(controllerOf(world, { api: refusing(world, kind) }).pass(), {
        code: "cluster-unreachable",
      });
      assert.deepEqual(world.changes(), []);
      await controllerOf(world).pass();
      assert.notDeepEqual(world.changes(), []);
    });

  test("and a watch that knows no trust have nothing changed at AWS: the trust itself is asked for", async (t) => {
    const world = await partWorld(t);
    await world.pass();
    world.clock.move(60_000);
    world.changes();
    const blind: KeySource = {
      synced: false,
      untilSynced: () => new Promise(() => {}),
      keys: () => [],
      subscribe: () => () => {},
    };
    const { pass } = controllerOf(world, { trusts: blind, bindings: blind, trustOf: () => undefined });
    await pass();
    assert.deepEqual(world.changes(), []);
    assert.deepEqual((await world.policies())?.toSorted(), ["a", "b"]);
  });
});

describe("a role that AWS did not let go", () => {
  test("is told on the AWSTrust: a namespace that goes with its bindings takes no Events", async (t) => {
    const world = await partWorld(t);
    await world.pass();
    const key = "AWSRoleBinding shop/web";
    const object = world.objects.get(key);
    assert.ok(object !== undefined);
    const metadata = {
      ...object.metadata,
      finalizers: ["podtrust.dev/aws"],
      deletionTimestamp: "2026-11-28T00:00:00Z",
    };
    world.objects.set(key, { ...object, metadata });
    world.mishap = ({ isChange }) => (isChange ? "refused" : undefined);
    const { pass, reported } = controllerOf(world);
    await pass();
    assert.deepEqual(reported, []);
    world.clock.move(61_000);
    await pass();
    assert.deepEqual(reported, ["AWSTrust RoleKept"]);
    assert.equal(world.objects.get(key), undefined);
  });
});
