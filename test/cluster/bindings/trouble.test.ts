/**
 * Bindings while AWS throttles, is in trouble, or does the work and loses the answer; two of them at once; and the end of
 * a namespace on a real cluster with its controllers. Nothing is made twice, and nothing of others is touched.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { CreateRoleCommand, ListRolesCommand } from "@aws-sdk/client-iam";
import { type Clock, systemClock } from "../../../src/core/base/index.ts";
import { account, bindingOf, webRole } from "../../support/bindings/objects.ts";
import { buildPrograms } from "../build.ts";
import { leftOut } from "../harness/index.ts";
import { openRun } from "../harness/run.ts";
import { startWorkers } from "../harness/workers.ts";
import { create, until } from "./plane.ts";
import type { Mishap } from "./unreliable.ts";
import { type BindingsWorld, isReady, readyOf, startBindingsWorld } from "./world.ts";

const skip = leftOut();

describe("bindings in trouble", { skip }, () => {
  let world: BindingsWorld;
  const run = openRun("controllers");

  before(async () => {
    world = await startBindingsWorld();
  });

  after(async () => {
    await run.end();
    await world.stop();
  });

  async function bind(name: string, namespace = "shop"): Promise<void> {
    await world.plane.kubectl(["create", "serviceaccount", "-n", namespace, name]);
    const { status, text } = await create(world.plane, bindingOf({ roles: [webRole] }, { namespace, name }));
    assert.equal(status, 201, text);
  }

  const names = async (): Promise<readonly string[]> => {
    const { Roles = [] } = await world.iam.send(new ListRolesCommand({}));
    return Roles.map(({ RoleName = "" }) => RoleName).sort();
  };

  /** The first calls of each action meet this. */
  function firstOfEach(mishap: Mishap, times: number): void {
    const seen = new Map<string, number>();
    world.aws.mishap = (action) => {
      const count = (seen.get(action) ?? 0) + 1;
      seen.set(action, count);
      return count <= times ? mishap : undefined;
    };
  }

  for (const [mishap, words, said] of [
    ["throttle", "throttles", /^account 111122223333: AWS throttles these calls/mu],
    ["unavailable", "is in trouble", /^Unknown AwsUnavailable$/mu],
    ["lose", "loses its answers after the work was done", /^Unknown AwsUnavailable$/mu],
  ] as const) {
    test(`while AWS ${words} converge to one role each, and say so meanwhile`, async () => {
      const name = `web-${mishap}`;
      await bind(name);
      world.clock.move(60_000);
      world.aws.passed.length = 0;
      firstOfEach(mishap, mishap === "throttle" ? 1 : 2);
      const outcomes: string[] = [];
      await world.passes("shop", name, (outcome) => {
        outcomes.push(readyOf(outcome));
        return isReady(outcome);
      });
      world.aws.mishap = () => undefined;
      assert.equal(outcomes.at(-1), "True StsAccepted");
      assert.match([...outcomes, ...world.notices].join("\n"), said);
      const mine = (await names()).filter((one) => one.startsWith(`prod.shop.${name}`));
      assert.deepEqual(mine, [`prod.shop.${name}`]);
      const role = await world.role(`prod.shop.${name}`);
      assert.deepEqual(role?.policies, ["arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess"]);
      // A lost answer is followed by a second try, which finds what the first made.
      assert.ok(world.aws.passed.filter((action) => action === "CreateRole").length <= 2);
    });
  }

  test("of which AWS says nothing are not ready, with the reason, and the role of before stays", async () => {
    world.aws.mishap = () => "unavailable";
    world.clock.move(60_000);
    const stood = await world.role("prod.shop.web-lose");
    const outcome = await world.pass("shop", "web-lose");
    world.aws.mishap = () => undefined;
    assert.equal(readyOf(outcome), "Unknown AwsUnavailable");
    assert.deepEqual(await world.role("prod.shop.web-lose"), stood);
    await world.passes("shop", "web-lose", isReady);
  });

  test("never take a role that somebody else made under their name", async () => {
    const trust = {
      Version: "2012-10-17",
      Statement: { Effect: "Allow", Principal: { AWS: account }, Action: "sts:AssumeRole" },
    };
    const AssumeRolePolicyDocument = JSON.stringify(trust);
    await world.iam.send(new CreateRoleCommand({ RoleName: "prod.shop.squatted", AssumeRolePolicyDocument }));
    await bind("squatted");
    world.clock.move(60_000);
    const stood = await world.role("prod.shop.squatted");
    assert.equal(readyOf(await world.pass("shop", "squatted")), "False NotOwned");
    assert.deepEqual(await world.role("prod.shop.squatted"), stood);
  });

  test("that are many at once are all ready, a role each, and are deleted at once", async () => {
    const many = Array.from({ length: 6 }, (_, index) => `many-${index}`);
    for (const name of many) await bind(name, "team-b");
    const outcomes = await Promise.all(many.map((name) => world.passes("team-b", name, isReady)));
    assert.ok(outcomes.every(isReady));
    const made = (await names()).filter((one) => one.startsWith("prod.team-b."));
    assert.deepEqual(
      made,
      many.map((name) => `prod.team-b.${name}`),
    );
    await world.plane.kubectl(["delete", "arb", "-n", "team-b", "--all", "--wait=false"]);
    await Promise.all(many.map((name) => world.pass("team-b", name, systemClock)));
    assert.deepEqual(
      (await names()).filter((one) => one.startsWith("prod.team-b.")),
      [],
    );
  });

  test("that have two passes at the same time end as with one", async () => {
    await bind("twice", "team-b");
    const both = await Promise.allSettled([world.pass("team-b", "twice"), world.pass("team-b", "twice")]);
    assert.ok(both.some(({ status }) => status === "fulfilled"));
    await world.passes("team-b", "twice", isReady);
    const made = (await names()).filter((one) => one.startsWith("prod.team-b."));
    assert.deepEqual(made, ["prod.team-b.twice"]);
  });

  test("that are deleted while AWS says nothing at all wait for it no longer than their minute", async () => {
    await bind("silent");
    await world.passes("shop", "silent", isReady);
    world.aws.mishap = () => "silence";
    await world.plane.kubectl(["delete", "arb", "-n", "shop", "silent", "--wait=false"]);
    let later = 0;
    const impatient: Clock = {
      now: () => world.clock.now() + later,
      elapsed: () => world.clock.elapsed() + later,
      sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 500), signal),
    };
    const { againIn } = await world.pass("shop", "silent", impatient);
    later = 60_000;
    const last = await world.pass("shop", "silent", impatient).finally(() => {
      world.aws.mishap = () => undefined;
    });
    assert.equal(againIn, 2000);
    assert.equal(await world.binding("shop", "silent"), undefined);
    assert.deepEqual(
      last.events.map(({ reason, message }) => `${reason} ${message}`),
      [
        `RoleKept arn:aws:iam::${account}:role/podtrust/prod.shop.silent: AWS account ${account} gave no good answer within 5 s`,
      ],
    );
  });

  test("go with their namespace, also while AWS does not answer, and hold it for a minute at the most", async () => {
    for (const name of ["ends", "stays"]) await bind(name, "team-a");
    for (const name of ["ends", "stays"]) await world.passes("team-a", name, isReady);
    await startWorkers(run, world.plane, await buildPrograms());
    await world.plane.kubectl(["delete", "namespace", "team-a", "--wait=false"]);
    const marked = async (name: string): Promise<boolean> =>
      (await world.binding("team-a", name))?.metadata.deletionTimestamp !== undefined;
    for (const name of ["ends", "stays"])
      await until(
        `the end of ${name}`,
        () => marked(name),
        (is) => is,
      );
    // Its ServiceAccounts may be gone before it.
    assert.equal((await world.pass("team-a", "ends", systemClock)).againIn, undefined);
    assert.equal(await world.role("prod.team-a.ends"), undefined);
    world.aws.mishap = () => "unavailable";
    assert.equal((await world.pass("team-a", "stays", systemClock)).againIn, 2000);
    const last = await world.pass("team-a", "stays");
    world.aws.mishap = () => undefined;
    assert.deepEqual(
      last.events.map(({ reason }) => reason),
      ["RoleKept"],
    );
    const namespace = (): Promise<unknown> => world.admin.read({ kind: "Namespace", name: "team-a" });
    await until("the end of the namespace", namespace, (found) => found === undefined);
  });

  test("whose trust is gone say so, keep their roles, and do not hold anybody when they go", async () => {
    // A deleted trust waits for the operator, which this world has only for bindings: somebody tears it out.
    await world.plane.kubectl(["delete", "awstrust", "default", "--wait=false"]);
    const none = '{"metadata":{"finalizers":null}}';
    await world.plane.kubectl(["patch", "awstrust", "default", "--type=merge", `--patch=${none}`]);
    const outcome = await world.pass("team-b", "twice");
    assert.equal(readyOf(outcome), "Unknown TrustMissing");
    assert.notEqual(await world.role("prod.team-b.twice"), undefined);
    await world.plane.kubectl(["delete", "arb", "-n", "team-b", "twice", "--wait=false"]);
    const last = await world.pass("team-b", "twice", systemClock);
    assert.deepEqual(
      last.events.map(({ reason }) => reason),
      ["RoleKept"],
    );
    assert.equal(await world.binding("team-b", "twice"), undefined);
  });
});
