/**
 * Bindings that are made, changed and deleted while the operator's API server is frozen, away, without WatchList, or has
 * compacted its history, and by replicas whose clocks differ. After each: all is as the bindings say, no role was made
 * twice, nothing of others was touched, and the operator said how it stood.
 */
import assert from "node:assert/strict";
import process from "node:process";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { DetachRolePolicyCommand } from "@aws-sdk/client-iam";
import { recordOf, recordsOf, textOf } from "../../../src/core/base/index.ts";
import { operatorManifests } from "../../../src/operator/index.ts";
import { bindingOf, webRole } from "../../support/bindings/objects.ts";
import { until } from "../../support/until.ts";
import { apply } from "../bindings/plane.ts";
import { type BindingsWorld, startBindingsWorld } from "../bindings/world.ts";
import { leftOut } from "../harness/index.ts";
import { BindingLives, grantShop, makeRolesOfOthers, rolesOfOthers } from "./binding-lives.ts";
import { DrivenOperator, type DrivenOptions, movedUntil } from "./driven-operator.ts";
import { Route } from "./route.ts";

const minute = 60_000;
const hour = 60 * minute;
/** How the clock is moved while a server takes connections and says nothing. */
const silent = { waitMs: 300 } as const;
const ofBindings = (metric: string): string => `podtrust_operator_${metric}{resource="awsrolebindings"}`;

describe("bindings while the operator's API server is in trouble", { skip: leftOut() }, () => {
  let world: BindingsWorld;
  let route: Route;
  let lives: BindingLives;
  let operator: DrivenOperator;
  let strangers: string;
  const started: DrivenOperator[] = [];

  before(async () => {
    // The operator asks the first server; the second is everybody else's.
    world = await startBindingsWorld({ propagationMs: 1000, plane: { servers: 2 } });
    const { plane } = world;
    route = await Route.to(plane);
    lives = new BindingLives(world, 1);
    await apply(plane, operatorManifests({ namespace: "podtrust", name: "podtrust-operator", evict: false }));
    await grantShop(world);
    await makeRolesOfOthers(world);
    operator = await start({ silenceMs: 2000 });
  });

  after(async () => {
    for (const one of started) one.kill();
    await route?.close();
    await world?.stop();
  });

  beforeEach(async () => {
    strangers = await rolesOfOthers(world);
    world.aws.created.length = 0;
  });

  afterEach(async () => {
    assert.equal(await rolesOfOthers(world), strangers, "roles of others are as they were");
    const { created } = world.aws;
    assert.equal(new Set(created).size, created.length, `a role was made twice: ${created.join()}`);
  });

  async function start(more: Partial<DrivenOptions> = {}): Promise<DrivenOperator> {
    const { plane, issuer } = world;
    const token = await plane.requestToken("podtrust", "podtrust-operator", issuer.issuer);
    const kubeconfig = route.kubeconfig(plane, plane.kubeconfigWithToken(token));
    const defaults = { kubeconfig, skewMs: 0, canary: false } as const;
    const one = await DrivenOperator.start(world, { ...defaults, ...more });
    started.push(one);
    return one;
  }

  /** Two bindings that are Ready before the trouble: one to be changed, one to be deleted. */
  async function twoAreReady(name: string): Promise<void> {
    await lives.make(`${name}-stays`);
    await lives.make(`${name}-goes`);
    await movedUntil(operator, () => lives.areReady(`${name}-stays`, `${name}-goes`), "both are Ready");
  }

  /** In the cluster one is made, one changed and one deleted; in AWS somebody takes a policy away. */
  async function meanwhile(name: string): Promise<void> {
    const role = { RoleName: `prod.shop.${name}-stays` };
    const PolicyArn = "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess";
    await world.iam.send(new DetachRolePolicyCommand({ ...role, PolicyArn }));
    await lives.make(`${name}-comes`);
    await lives.change(`${name}-stays`);
    await lives.drop(`${name}-goes`);
  }

  /** Until all is as it was asked for; and leaves nothing behind for the next test. */
  async function afterwards(name: string, id: string | undefined): Promise<void> {
    const [stays, comes] = [`${name}-stays`, `${name}-comes`];
    await movedUntil(operator, () => lives.areReady(stays, comes), "what was asked for meanwhile is there");
    assert.deepEqual(await lives.policies(stays), ["AmazonSSMReadOnlyAccess", "read"]);
    assert.deepEqual(await lives.policies(comes), ["AmazonSSMReadOnlyAccess"]);
    assert.equal(await lives.policies(`${name}-goes`), undefined);
    assert.equal((await world.role(`prod.shop.${stays}`))?.id, id, "a role that stood is the same");
    for (const one of [stays, comes]) await lives.drop(one);
    await movedUntil(operator, () => lives.areReady(), "all are gone");
    assert.equal(await lives.policies(comes), undefined);
  }

  const idOf = async (name: string): Promise<string | undefined> =>
    (await world.role(`prod.shop.${name}-stays`))?.id;

  /**
   * Until the API server, which began anew, asks the grants: for half a minute it may let anything pass, or refuse it
   * since it has not heard of the kind AWSTrust. That minute is real, and the operator's is not.
   */
  async function untilGrantsAreAsked(): Promise<void> {
    const body = bindingOf({ roles: [webRole] }, { namespace: "default", name: "nobody" });
    const path = "/apis/podtrust.dev/v1alpha1/namespaces/default/awsrolebindings?dryRun=All";
    await until(
      "the grants are asked",
      async () => {
        const { status, text } = await world.plane.ask(path, { method: "POST", body });
        return status >= 400 && text.includes("podtrust-grants") && !text.includes("failed to configure");
      },
      { everyMs: 200 },
    );
  }

  /** Until it says that it cannot follow, and does not lead. */
  async function untilItSaysSo(): Promise<void> {
    const isSaid = async (): Promise<boolean> => {
      const { follows, leadership } = await operator.status();
      return follows.every(({ failing }) => failing !== undefined) && !leadership.leads;
    };
    await movedUntil(operator, isSaid, "it says that it follows nothing", silent);
    assert.equal(await operator.metric(ofBindings("follow_failing")), 1);
    assert.equal(await operator.metric("podtrust_operator_leader"), 0);
    const { ready, degraded } = await operator.status();
    assert.equal(ready, true);
    assert.match(degraded.join("\n"), /^awsrolebindings: cluster https:/mu);
    assert.match(operator.log, /"a lease was lost"/u);
  }

  /** How often it has listed all there is of something. */
  async function listsOf(one: DrivenOperator): Promise<number> {
    const { follows } = await one.status();
    return follows.reduce((sum, { lists }) => sum + lists, 0);
  }

  async function untilItFollows(): Promise<void> {
    const follows = async (): Promise<boolean> => (await operator.metric(ofBindings("follow_failing"))) === 0;
    await movedUntil(operator, follows, "it follows again");
    assert.match(operator.log, /awsrolebindings: it is up to date again/u);
  }

  test("a server that is frozen and goes on: what was asked for meanwhile is there, each role once", async () => {
    await twoAreReady("frozen");
    const id = await idOf("frozen");
    const pid = world.plane.servers[0]?.pid() ?? 0;
    process.kill(pid, "SIGSTOP");
    try {
      await meanwhile("frozen");
      await untilItSaysSo();
      assert.equal(await lives.policies("frozen-comes"), undefined, "who does not lead makes nothing");
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await untilItFollows();
    await afterwards("frozen", id);
  });

  test("a server that is away for ten minutes: what was asked for meanwhile is there, each role once", async () => {
    await twoAreReady("away");
    const id = await idOf("away");
    await route.close();
    await meanwhile("away");
    await untilItSaysSo();
    await operator.move(10 * minute);
    assert.equal(await operator.metric(ofBindings("follow_failing")), 1);
    await route.open();
    await untilItFollows();
    await afterwards("away", id);
  });

  test("a server without WatchList: all is listed by pages, and what is asked for is there, each role once", async () => {
    const { plane } = world;
    const lists = await listsOf(operator);
    const flags = [
      `--service-account-issuer=${plane.issuer}`,
      `--service-account-jwks-uri=${plane.issuer}/openid/v1/jwks`,
    ];
    await plane.servers[0]?.restart(plane.keys(), [
      ...flags,
      "--feature-gates=WatchList=false",
      "--watch-cache=false",
    ]);
    await untilGrantsAreAsked();
    const query =
      "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    const refused = await plane.ask(`/api/v1/serviceaccounts?${query}`);
    assert.equal(refused.status, 422, refused.text);
    await twoAreReady("paged");
    const id = await idOf("paged");
    assert.ok((await listsOf(operator)) > lists, "it was listed anew");
    await meanwhile("paged");
    await afterwards("paged", id);
  });

  /** Forgets all that the store knows of the past. */
  async function compact(): Promise<void> {
    const { text } = await world.plane.ask("/api/v1/namespaces?limit=1");
    const { metadata } = JSON.parse(text) as { metadata: { resourceVersion: string } };
    const answer = await fetch(`${world.plane.etcd.url}/v3/kv/compaction`, {
      method: "POST",
      body: JSON.stringify({ revision: metadata.resourceVersion, physical: true }),
    });
    assert.equal(answer.status, 200, await answer.text());
  }

  test("a history that is compacted (410): all is listed anew, and what is asked for is there, each role once", async () => {
    // One that takes no silence for an outage: without a cache the server sends no bookmarks.
    await operator.end();
    operator = await start();
    await twoAreReady("compacted");
    const id = await idOf("compacted");
    const [lists, gone] = [await listsOf(operator), operator.gone];
    await meanwhile("compacted");
    await compact();
    // A watch lasts ten minutes at the most: each of them is gone on with from what is no longer known.
    const isRefused = (): boolean => operator.gone > gone;
    await movedUntil(operator, isRefused, "a watch was refused as gone", { withinMs: 15 * minute });
    const isListed = async (): Promise<boolean> => (await listsOf(operator)) > lists;
    await movedUntil(operator, isListed, "it was listed anew");
    const follows = async (): Promise<boolean> => (await operator.metric(ofBindings("follow_failing"))) === 0;
    await movedUntil(operator, follows, "it follows again");
    await afterwards("compacted", id);
  });

  /** Asks AWS in vain from now on. */
  const noAws = (): void => {
    world.aws.mishap = () => "unavailable";
  };

  test("a replica whose clock is hours ahead waits its minute for AWS before a deleted binding goes without it", async () => {
    await operator.end();
    operator = await start({ skewMs: 5 * hour, identity: "ahead" });
    await lives.make("ahead");
    await movedUntil(operator, () => lives.areReady("ahead"), "it is Ready");
    noAws();
    await lives.drop("ahead");
    await operator.move(minute / 2);
    assert.equal((await lives.list()).size, 1, "it waits");
    world.aws.mishap = () => undefined;
    await movedUntil(operator, () => lives.areReady(), "it goes");
    assert.equal(await lives.policies("ahead"), undefined);
  });

  test("a leader whose clock is hours ahead is killed at a role's making: one hours behind goes on, each role once", async () => {
    await twoAreReady("skewed");
    const id = await idOf("skewed");
    const [ahead, behind] = [operator, await start({ skewMs: -5 * hour, identity: "behind" })];
    world.aws.mishap = (action) => {
      if (action !== "CreateRole") return undefined;
      ahead.kill();
      // The work is done, and its answer never comes.
      return "lose";
    };
    await meanwhile("skewed");
    await assert.rejects(
      movedUntil(ahead, () => false, "it is killed"),
      /the operator has ended/u,
    );
    world.aws.mishap = () => undefined;
    operator = behind;
    await movedUntil(behind, () => lives.areReady("skewed-stays", "skewed-comes"), "all is made");
    const { leadership } = await behind.status();
    assert.deepEqual([leadership.leads, leadership.leader], [true, "behind"]);
    // What the other has proved in what is the future here says nothing about the next hours.
    const isProved = async (): Promise<boolean> => (await lives.provedAt("skewed-stays")) <= behind.now;
    await movedUntil(behind, isProved, "it was proved by this replica");
    await afterwards("skewed", id);
  });

  test("a replica whose clock is hours behind lets a deleted binding go after a minute without AWS, and says what it leaves", async () => {
    await lives.make("behind");
    await movedUntil(operator, () => lives.areReady("behind"), "it is Ready");
    noAws();
    const began = operator.now;
    await lives.drop("behind");
    const isGone = async (): Promise<boolean> => (await lives.list()).size === 0;
    await movedUntil(operator, isGone, "it holds its namespace no longer", { withinMs: 5 * minute });
    assert.ok(operator.now - began >= minute, "it waits its minute");
    // It is told on the trust, in the namespace of what has none, once the binding has gone.
    const notes = async (): Promise<readonly string[]> => {
      const { items } = await lives.ask("GET", "/apis/events.k8s.io/v1/namespaces/default/events");
      const kept = recordsOf(items).filter(({ reason }) => reason === "RoleKept");
      return kept.map(({ regarding, note }) => `${textOf(recordOf(regarding)["kind"])} ${textOf(note)}`);
    };
    await movedUntil(operator, async () => (await notes()).length > 0, "it says what it leaves");
    world.aws.mishap = () => undefined;
    const [note = "", ...more] = await notes();
    assert.deepEqual(more, []);
    // In AWS's words, or that its time was over.
    assert.match(note, /^AWSTrust .*prod\.shop\.behind: .*(?:trouble|no good answer within)/u);
    // What was left is found by its mark.
    const isFound = async (): Promise<boolean> => (await lives.policies("behind")) === undefined;
    await movedUntil(operator, isFound, "its role is gone", { withinMs: 15 * minute });
  });
});
