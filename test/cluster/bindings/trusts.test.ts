/** Trusts on a real API server: their condition, what keeps them, and roles whose binding is gone. */
import assert from "node:assert/strict";
import { CreateRoleCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { after, before, describe, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { ControllerRunner, type KeySource } from "../../../src/operator/controller/index.ts";
import { silentLogger } from "../../../src/core/base/index.ts";
import {
  bindingControllers,
  type BindingEvent,
  ClusterView,
  Leftovers,
  reconcileTrust,
  type TrustOutcome,
} from "../../../src/operator/bindings/index.ts";
import { account, bindingOf, webRole } from "../../support/bindings/objects.ts";
import { leftOut } from "../harness/index.ts";
import { create, until } from "./plane.ts";
import { type BindingsWorld, isReady, startBindingsWorld } from "./world.ts";

const skip = leftOut();

/** Keys that a test says are there. */
class Keys implements KeySource {
  readonly synced = true;
  readonly #keys = new Set<string>();
  readonly #told = new Set<(key: string) => void>();

  untilSynced(): Promise<void> {
    return Promise.resolve();
  }

  keys(): Iterable<string> {
    return this.#keys;
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  subscribe(changed: (key: string) => void): () => void {
    this.#told.add(changed);
    return () => this.#told.delete(changed);
  }

  add(key: string): void {
    this.#keys.add(key);
    for (const changed of this.#told) changed(key);
  }
}

describe("a trust on a real cluster", { skip }, () => {
  let world: BindingsWorld;
  const leftovers = new Leftovers();

  before(async () => {
    world = await startBindingsWorld();
  });

  after(() => world.stop());

  async function bind(name: string): Promise<void> {
    await world.plane.kubectl(["create", "serviceaccount", "-n", "shop", name]);
    const { status, text } = await create(world.plane, bindingOf({ roles: [webRole] }, { name }));
    assert.equal(status, 201, text);
  }

  const pass = async (...bindings: string[]): Promise<TrustOutcome> => {
    const object = await world.clients.cluster.read({ kind: "AWSTrust", name: "default" });
    assert.ok(object !== undefined);
    return reconcileTrust({ object, bindings: new Set(bindings), leftovers }, world.clients, world.clock);
  };

  const conditionOf = ({ conditions }: TrustOutcome): string =>
    conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`).join();

  test("is not ready while an account of it cannot be reached as the config says, and says which", async () => {
    const outcome = await pass();
    // The sandbox is one account, and the trust has two.
    assert.equal(conditionOf(outcome), "Ready Unknown AccountMismatch");
    assert.match(outcome.conditions[0]?.message ?? "", /444455556666/u);
  });

  test("is ready where its OIDC provider stands in each account", async () => {
    const patch = JSON.stringify({
      spec: {
        accounts: [{ id: "111122223333", region: "eu-central-1" }],
        grants: [
          {
            name: "shop",
            namespaces: ["shop"],
            accounts: ["111122223333"],
            policies: ["arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess"],
          },
        ],
      },
    });
    await world.plane.kubectl(["patch", "awstrust", "default", "--type=merge", "-p", patch]);
    assert.equal(conditionOf(await pass()), "Ready True ProviderFound");
  });

  test("whose account names a role to assume changes nothing there but as that role", async () => {
    const RoleName = "podtrust";
    const assumeRole = `arn:aws:iam::${account}:role/${RoleName}`;
    const statement = { Effect: "Allow", Principal: { AWS: account }, Action: "sts:AssumeRole" };
    const policy = { Effect: "Allow", Action: ["iam:*"], Resource: "*" };
    const document = (Statement: object): string => JSON.stringify({ Version: "2012-10-17", Statement });
    const assumed = { RoleName, AssumeRolePolicyDocument: document(statement) };
    await world.iam.send(new CreateRoleCommand(assumed));
    const PolicyDocument = document(policy);
    await world.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "roles", PolicyDocument }));
    const accounts = (more: object): string =>
      JSON.stringify({ spec: { accounts: [{ id: account, region: "eu-central-1", ...more }] } });
    const patched = (patch: string): Promise<unknown> =>
      world.plane.kubectl(["patch", "awstrust", "default", "--type=merge", "-p", patch]);
    await patched(accounts({ assumeRole }));
    assert.equal(conditionOf(await pass()), "Ready True ProviderFound");
    await bind("assumed");
    await world.passes("shop", "assumed", isReady);
    const made = world.sandbox.decisions({ action: "iam:CreateRole", resource: "prod.shop.assumed" });
    assert.equal(made.length, 1);
    assert.match(made[0]?.who ?? "", /^arn:aws:sts::111122223333:assumed-role\/podtrust\/podtrust$/u);
    // A role that the operator may not assume is a reason, and leaves what stands.
    await patched(accounts({ assumeRole: `${assumeRole}-nobody` }));
    assert.match(conditionOf(await pass("shop/assumed")), /^Ready (?:Unknown|False) \w+$/u);
    assert.notEqual(await world.role("prod.shop.assumed"), undefined);
    await patched(JSON.stringify({ spec: { accounts: [{ id: account, region: "eu-central-1" }] } }));
    await world.plane.kubectl(["delete", "arb", "-n", "shop", "assumed", "--wait=false"]);
    await world.pass("shop", "assumed");
    assert.equal(await world.role("prod.shop.assumed"), undefined);
  });

  test("sweeps the role of a binding that went without its finalizer, after ten minutes, and no other", async () => {
    for (const name of ["lost", "there"]) await bind(name);
    for (const name of ["lost", "there"]) await world.passes("shop", name, isReady);
    // Before it is deleted the API server puts the finalizer back, whoever takes it off.
    await world.plane.kubectl(["delete", "arb", "-n", "shop", "lost", "--wait=false"]);
    const patch = JSON.stringify({ metadata: { finalizers: null } });
    await world.plane.kubectl(["patch", "arb", "-n", "shop", "lost", "--type=merge", "-p", patch]);
    world.clock.move(60_000);
    assert.deepEqual((await pass()).events, []);
    assert.notEqual(await world.role("prod.shop.lost"), undefined);
    for (const minutes of [4, 4]) {
      world.clock.move(minutes * 60_000);
      assert.deepEqual((await pass()).events, []);
    }
    world.clock.move(120_000);
    // A list that lags does not know the other binding; the API server does.
    const { events } = await pass();
    assert.match(
      events.map(({ message }) => message).join(),
      /^\S+prod\.shop\.lost: deleted, its binding is gone$/u,
    );
    assert.equal(await world.role("prod.shop.lost"), undefined);
    assert.notEqual(await world.role("prod.shop.there"), undefined);
  });

  test("sweeps no role of another cluster's bindings, also where that cluster's trust has the same stack's name", async () => {
    const own = await world.role("prod.shop.there");
    const host = world.issuer.issuer.replace("https://", "");
    await world.iam.send(
      new CreateRoleCommand({
        RoleName: "prod.shop.elsewhere",
        Path: "/podtrust/",
        AssumeRolePolicyDocument: own?.trust.replaceAll(host, "oidc.elsewhere.example"),
        Tags: Object.entries({ ...own?.tags, "podtrust:stack": "prod/shop/elsewhere" }).map(
          ([Key, Value]) => ({ Key, Value }),
        ),
      }),
    );
    for (const minutes of [1, 4, 4, 4]) {
      world.clock.move(minutes * 60_000);
      assert.deepEqual((await pass()).events, []);
    }
    assert.notEqual(await world.role("prod.shop.elsewhere"), undefined);
  });

  test("that is deleted stays while a binding names it, and goes with the last", async () => {
    await pass("shop/there");
    await world.plane.kubectl(["delete", "awstrust", "default", "--wait=false"]);
    await pass("shop/there");
    const read = () => world.admin.read({ kind: "AWSTrust", name: "default" });
    assert.notEqual(await read(), undefined);
    assert.equal((await pass()).againIn, undefined);
    assert.equal(await read(), undefined);
  });
});

describe("the controllers of bindings", { skip }, () => {
  test("bring a binding to Ready once STS knows its role, and write nothing without the lease", async (t) => {
    const world = await startBindingsWorld({ propagationMs: 2500 });
    t.after(() => world.stop());
    await world.plane.kubectl(["create", "serviceaccount", "-n", "shop", "web"]);
    await create(world.plane, bindingOf({ roles: [webRole] }, { name: "web" }));
    const [bindings, trusts, accounts] = [new Keys(), new Keys(), new Keys()];
    const events: BindingEvent[] = [];
    const controllers = bindingControllers({
      api: world.clients.cluster,
      aws: world.clients.aws,
      clock: world.clock,
      bindings,
      trusts,
      accounts,
      trustOf: (key) => (bindings.has(key) ? "default" : undefined),
      report(_object, event) {
        events.push(event);
        return Promise.resolve();
      },
    });
    const [controller] = controllers;
    assert.ok(controller !== undefined);
    const lost = (): never => {
      throw new Error("the lease is lost");
    };
    const { signal } = new AbortController();
    bindings.add("shop/web");
    await assert.rejects(
      controller.reconcile("shop/web", { signal, assertHeld: lost }),
      /the lease is lost/u,
    );
    assert.equal(await world.role("prod.shop.web"), undefined);
    assert.equal((await world.binding("shop", "web"))?.["status"], undefined);
    const over = new AbortController();
    const runners = controllers.map(
      (one) => new ControllerRunner({ controller: one, clock: world.clock, logger: silentLogger }),
    );
    const leading = { held: true };
    const runs = runners.map((runner) => runner.lead(leading, over.signal));
    accounts.add("shop/nobody");
    trusts.add("default");
    const ready = async (): Promise<boolean> => {
      const status = (await world.binding("shop", "web"))?.["status"] as
        | { conditions?: { type: string; status: string }[] }
        | undefined;
      return status?.conditions?.some((one) => one.type === "Ready" && one.status === "True") ?? false;
    };
    await until("the binding's Ready", ready, (is) => is);
    over.abort();
    await Promise.all(runs);
    await setImmediate();
    // Until STS knew the role nothing was wrong: Ready said why it was not known, and no Event did.
    assert.deepEqual(
      events.map(({ type, reason }) => `${type} ${reason}`),
      ["Normal StsAccepted"],
    );
  });

  test("begin with a binding as a watch saw it, and again with the binding read where it is another by then", async (t) => {
    const world = await startBindingsWorld();
    t.after(() => world.stop());
    await world.plane.kubectl(["create", "serviceaccount", "-n", "shop", "web"]);
    await create(world.plane, bindingOf({ roles: [webRole] }, { name: "web" }));
    const view = new ClusterView(world.clients.cluster, world.clock);
    const reads: string[] = [];
    const cluster: typeof world.clients.cluster = {
      ...world.clients.cluster,
      server: world.clients.cluster.server,
      apply: (...args) => world.clients.cluster.apply(...args),
      removeFinalizer: (...args) => world.clients.cluster.removeFinalizer(...args),
      requestToken: (...args) => world.clients.cluster.requestToken(...args),
      read(ref, options) {
        reads.push(ref.kind);
        return world.clients.cluster.read(ref, options);
      },
    };
    const [controller] = bindingControllers({
      api: cluster,
      aws: world.clients.aws,
      clock: world.clock,
      bindings: new Keys(),
      trusts: new Keys(),
      accounts: new Keys(),
      trustOf: () => "default",
      view,
      report: () => Promise.resolve(),
    });
    const { signal } = new AbortController();
    const pass = () => controller?.reconcile("shop/web", { signal, assertHeld: () => undefined });
    const readings = (): number => reads.filter((kind) => kind === "AWSRoleBinding").length;
    await pass();
    assert.equal(readings(), 1);
    // The pass left it is, and STS does not know the role yet or does: the next one needs no reading.
    const seen = await world.binding("shop", "web");
    assert.ok(seen !== undefined);
    view.keep(seen);
    await pass();
    assert.equal(readings(), 1);
    view.keep((await world.binding("shop", "web")) ?? seen);
    const policy = `arn:aws:iam::${account}:policy/shop/read`;
    const roles = [{ ...webRole, managed: { policies: [policy] } }];
    const patch = JSON.stringify({ spec: { roles } });
    await world.plane.kubectl(["patch", "arb", "-n", "shop", "web", "--type=merge", "-p", patch]);
    // Proved an hour later, so that the pass writes what it began with.
    world.clock.move(3_600_000);
    await pass();
    assert.equal(readings(), 2);
    assert.deepEqual((await world.role("prod.shop.web"))?.policies, [policy]);
    const status = (await world.binding("shop", "web"))?.["status"] as { observedGeneration: number };
    assert.equal(status.observedGeneration, 2);
  });
});
