/**
 * An hour and more in the life of the operator, in less than a minute: rounds of ten minutes by its clock, in each of which
 * the same things are made, changed, cut off and deleted. What the process holds after the last of them is what it held
 * after those in the middle.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { DetachRolePolicyCommand, ListRolesCommand } from "@aws-sdk/client-iam";
import { type JsonRecord, recordOf, recordsOf } from "../../../src/core/base/index.ts";
import { operatorManifests } from "../../../src/operator/index.ts";
import { trustOf } from "../../support/bindings/objects.ts";
import { apply } from "../bindings/plane.ts";
import { type BindingsWorld, startBindingsWorld } from "../bindings/world.ts";
import { freePorts, leftOut } from "../harness/index.ts";
import { BindingLives, grantShop, makeRolesOfOthers, rolesOfOthers } from "./binding-lives.ts";
import { DrivenOperator, movedUntil, type Usage } from "./driven-operator.ts";
import { Route } from "./route.ts";
import { onPort, roleMap, serviceAddress, services } from "./webhook-world.ts";

const minute = 60_000;
const rounds = 7;
/** Of the first nothing is compared: it loads what is loaded once, and what lasts half an hour is still to come. */
const middle = [3, 5] as const;
const last = [5, 7] as const;
const standing = Array.from({ length: 10 }, (_, index) => `stands-${index}`);
const roleArn = "arn:aws:iam::111122223333:role/team";
const own = "podtrust-operator";
/** What looking at an account consists of; a proof is STS's. */
const looking = [
  "AssumeRoleWithWebIdentity",
  "GetAccountAuthorizationDetails",
  "GetOpenIDConnectProvider",
  "ListOpenIDConnectProviders",
  "ListRoles",
];

/** What was counted at the end of a round. */
interface Round {
  readonly usage: Usage;
  /** How long the role that somebody changed was other than it should be. */
  readonly repairedMs: number;
  /** Calls of AWS in the last minutes of it, in which nothing happened. */
  readonly quiet: readonly string[];
  readonly quietMs: number;
  /** Events that were written. */
  readonly events: number;
}

describe("an hour of the operator", { skip: leftOut() }, () => {
  let world: BindingsWorld;
  let route: Route;
  let lives: BindingLives;
  let operator: DrivenOperator;
  let strangers: string;

  before(async () => {
    world = await startBindingsWorld({ plane: { extraArgs: [`--service-cluster-ip-range=${services}`] } });
    const { plane, issuer } = world;
    route = await Route.to(plane);
    lives = new BindingLives(world);
    const [port = 0] = await freePorts(1);
    const spec = { namespace: "podtrust", name: own, evict: false, configMaps: true, roleMap };
    const objects = operatorManifests({ ...spec, webhook: { failurePolicy: "Ignore" } });
    await apply(
      plane,
      objects.map((object) => onPort(object as JsonRecord, port)),
    );
    await grantShop(world);
    await makeRolesOfOthers(world);
    const token = await plane.requestToken("podtrust", own, issuer.issuer);
    operator = await DrivenOperator.start(world, {
      kubeconfig: route.kubeconfig(plane, plane.kubeconfigWithToken(token)),
      skewMs: 0,
      // Steps of fifteen seconds must not cost it the lease.
      leaseDurationMs: minute,
      configMaps: true,
      roleMap,
      webhook: { listen: { host: serviceAddress, port } },
    });
  });

  after(async () => {
    await operator?.end();
    await route?.close();
    await world?.stop();
  });

  const team = (path: string): string => `/api/v1/namespaces/team-a/${path}`;
  const until = (condition: () => Promise<boolean>, what: string): Promise<void> =>
    movedUntil(operator, condition, what, { stepMs: 5000 });

  async function annotate(name: string, arn: string): Promise<void> {
    const account = await lives.ask("GET", team(`serviceaccounts/${name}`));
    const annotations = { "eks.amazonaws.com/role-arn": arn };
    const metadata = { ...recordOf(account["metadata"]), annotations };
    await lives.ask("PUT", team(`serviceaccounts/${name}`), { ...account, metadata });
  }

  /** Pods of an annotated ServiceAccount, injected by the operator's webhook. */
  async function makePods(account: string, names: readonly string[]): Promise<void> {
    const body = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: account } };
    await lives.ask("POST", team("serviceaccounts"), body);
    await annotate(account, roleArn);
    for (const name of names) {
      const containers = [{ name: "app", image: "example.test/app:1" }];
      const spec = { serviceAccountName: account, automountServiceAccountToken: false, containers };
      await lives.ask("POST", team("pods"), { apiVersion: "v1", kind: "Pod", metadata: { name }, spec });
    }
  }

  /** Somebody takes a policy off a role; gives after how long it is there again. */
  async function drift(name: string): Promise<number> {
    const PolicyArn = "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess";
    await world.iam.send(new DetachRolePolicyCommand({ RoleName: `prod.shop.${name}`, PolicyArn }));
    const began = operator.now;
    await until(async () => (await lives.policies(name))?.length === 1, "it is repaired");
    return operator.now - began;
  }

  /** Events of all namespaces. */
  async function eventsNow(): Promise<number> {
    return recordsOf((await lives.ask("GET", "/apis/events.k8s.io/v1/events"))["items"]).length;
  }

  /** Ten minutes. */
  async function live(round: number): Promise<Round> {
    const end = operator.now + 10 * minute;
    const earlier = await eventsNow();
    const comers = [1, 2].map((index) => `comes-${round}-${index}`);
    const pods = comers.map((name) => `pod-${name}`);
    const [account, stack] = [`account-${round}`, `round-${round}`];
    const trusts = "/apis/podtrust.dev/v1alpha1/awstrusts";
    for (const name of comers) await lives.make(name);
    await makePods(account, pods);
    const { spec } = await lives.ask("GET", `${trusts}/default`);
    await lives.ask("POST", trusts, trustOf({ ...recordOf(spec), stack }, stack));
    await until(() => lives.areReady(...standing, ...comers), "all are Ready");
    // So that its pods carry an old role.
    await annotate(account, `${roleArn}-${round}`);
    for (const name of comers) await lives.change(name);
    const repairedMs = await drift(standing[round] ?? "");
    const { found } = await operator.status();
    assert.deepEqual(
      found.map(({ pod, reason }) => `${pod} ${reason}`).toSorted(),
      pods.map((name) => `team-a/${name} PodRoleDiffers`),
    );
    route.cut();
    await until(() => lives.areReady(...standing, ...comers), "all are Ready again");
    for (const name of comers) await lives.drop(name);
    for (const name of pods) await lives.ask("DELETE", team(`pods/${name}?gracePeriodSeconds=0`));
    await lives.ask("DELETE", team(`serviceaccounts/${account}`));
    await lives.ask("DELETE", `${trusts}/${stack}`);
    await until(() => lives.areReady(...standing), "they are gone");
    world.aws.passed.length = 0;
    const quietMs = end - operator.now;
    await operator.move(quietMs, { stepMs: minute / 4 });
    return {
      usage: await operator.measure(),
      repairedMs,
      quiet: [...world.aws.passed],
      quietMs,
      events: (await eventsNow()) - earlier,
    };
  }

  /**
   * Less in one of the last rounds than the most in the middle and so much more: what grows is more in each, and what
   * only goes up and down with the load of the machine is not.
   */
  function noMore(what: string, seen: readonly Round[], of: (round: Round) => number, more: number): void {
    const [stood, now] = [seen.slice(...middle).map(of), seen.slice(...last).map(of)];
    assert.ok(Math.min(...now) <= Math.max(...stood) + more, `${what}: ${seen.map(of).join(", ")}`);
  }

  test("seven rounds of ten minutes leave nothing behind in it, in the cluster or in AWS", async (context) => {
    strangers = await rolesOfOthers(world);
    for (const name of standing) await lives.make(name);
    await until(() => lives.areReady(...standing), "all are Ready");
    const seen: Round[] = [];
    for (let round = 0; round < rounds; round += 1) seen.push(await live(round));
    context.diagnostic(JSON.stringify(seen.map(({ usage }) => usage)));

    // A tenth of what a round's objects take; a listener or a timer that is left is one of thousands of bytes.
    noMore("bytes of the heap", seen, ({ usage }) => usage.heapBytes, 400_000);
    noMore("entries of queues, caches and indexes", seen, ({ usage }) => usage.entries, 3);
    noMore("AbortSignals", seen, ({ usage }) => usage.signals, 6);
    noMore("waits for a time to come", seen, ({ usage }) => usage.sleeping, 1);
    noMore("timers", seen, ({ usage }) => usage.timers, 1);
    noMore("sockets", seen, ({ usage }) => usage.sockets, 1);
    noMore("listeners for its end", seen, ({ usage }) => usage.listeners, 0);
    // That STS does not know a role yet is told where it was asked before.
    noMore("Events of a round", seen, ({ events }) => events, 2);

    // A step of its clock and one until it is seen; by others' passes, whenever they come.
    for (const { repairedMs } of seen) assert.ok(repairedMs <= minute + 10_000, `${repairedMs} ms`);
    for (const { quiet, quietMs } of seen) {
      // So it is under two calls a binding and hour from 160 bindings on.
      assert.deepEqual([...new Set(quiet)].filter((action) => !looking.includes(action)).sort(), []);
      const looks = quiet.filter((action) => action === "GetAccountAuthorizationDetails").length;
      assert.ok(looks <= quietMs / 45_000 + 1, `${looks} looks in ${quietMs} ms`);
    }
    assert.ok(await lives.areReady(...standing));
    for (const name of standing)
      assert.ok(operator.now - (await lives.provedAt(name)) < 61 * minute, `${name} was not proved again`);
  });

  test("of an hour there is one lease, each role was made once, and nothing of others was touched", async () => {
    const { items } = await lives.ask("GET", "/apis/coordination.k8s.io/v1/namespaces/podtrust/leases");
    assert.deepEqual(
      recordsOf(items).map(({ metadata }) => recordOf(metadata)["name"]),
      [own],
    );
    const { created } = world.aws;
    assert.deepEqual([created.length, new Set(created).size], [standing.length + 2 * rounds, created.length]);
    assert.equal(await rolesOfOthers(world), strangers);
    const { Roles = [] } = await world.iam.send(new ListRolesCommand({}));
    const bound = Roles.map(({ RoleName = "" }) => RoleName).filter((name) => name.startsWith("prod.shop.s"));
    assert.deepEqual(bound.toSorted(), standing.map((name) => `prod.shop.${name}`).toSorted());
    assert.equal(Roles.length, standing.length + 3);
  });
});
