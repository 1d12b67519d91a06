/** What a binding costs at AWS and the API server while it is made, and while nothing happens. */
import assert from "node:assert/strict";
import {
  CreateRoleCommand,
  DeleteOpenIDConnectProviderCommand,
  DeleteRoleCommand,
  DetachRolePolicyCommand,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { describe, test, type TestContext } from "node:test";
import type { KubernetesObject } from "../../../src/providers/kubernetes/index.ts";
import { account, ssm } from "../../support/bindings/objects.ts";
import { type PassWorld, passWorld, readyOf } from "../../support/bindings/pass-world.ts";

const inline = {
  RoleName: "prod.shop.web",
  PolicyName: "more",
  PolicyDocument: JSON.stringify({
    Version: "2012-10-17",
    Statement: { Effect: "Allow", Action: "s3:GetObject", Resource: "*" },
  }),
};
const binding = "AWSRoleBinding shop/web";

/** A binding of one role, and the grant for it; nothing was done yet. */
async function granted(t: TestContext): Promise<PassWorld> {
  const world = await passWorld(t);
  world.grants({ name: "shop", namespaces: ["shop"], accounts: [account], policies: [ssm] });
  world.bind({ roles: [{ profile: "default", managed: { policies: [ssm] } }] });
  return world;
}

/** How often the account was looked at. */
const looks = ({ calls }: PassWorld): number =>
  calls.filter(({ action }) => action === "GetAccountAuthorizationDetails").length;

describe("a binding that is made", () => {
  test("is Ready with one look at its account: its second pass judges nothing anew", async (t) => {
    const world = await granted(t);
    assert.equal(readyOf(await world.pass()), "Unknown RolePending");
    world.clock.move(8000);
    assert.equal(readyOf(await world.pass()), "True StsAccepted");
    assert.equal(looks(world), 1);
  });

  test("has a fresh look at its account if its trust was changed since its first pass", async (t) => {
    const world = await granted(t);
    await world.pass();
    world.grants({ name: "other", namespaces: ["shop"], accounts: [account], policies: [ssm] });
    world.clock.move(8000);
    await world.pass();
    assert.equal(looks(world), 2);
  });

  test("reports no drift where the process ended before the role had its policies", async (t) => {
    const world = await granted(t);
    let announced: KubernetesObject | undefined;
    world.mishap = ({ action }) => {
      if (action !== "AttachRolePolicy") return undefined;
      announced = world.objects.get(binding);
      return "refused";
    };
    await world.pass();
    assert.ok(announced !== undefined);
    // What the process would have written next was never written.
    world.objects.set(binding, announced);
    world.mishap = () => undefined;
    world.restart();
    const { changes, events } = await world.pass();
    assert.deepEqual(
      [changes.map(({ kind }) => kind), events.map(({ reason }) => reason)],
      [["update"], ["StsAccepted"]],
    );
  });
});

/** The same, Ready. */
async function ready(t: TestContext): Promise<PassWorld> {
  const world = await granted(t);
  await world.pass();
  world.clock.move(8000);
  assert.equal(readyOf(await world.pass()), "True StsAccepted");
  return world;
}

/**
 * Lets minutes go by in which the trust has its passes and the binding only those that it was given. Gives in which
 * minutes it had one.
 */
async function minutesOf(world: PassWorld, count: number): Promise<readonly number[]> {
  const woken = new Set<string>();
  const end = world.clients.aws.subscribe((key) => woken.add(key));
  const had: number[] = [];
  for (let minute = 1; minute <= count; minute += 1) {
    world.clock.move(60_000);
    await world.trustPass();
    if (!woken.delete("shop/web")) continue;
    await world.pass();
    had.push(minute);
  }
  end();
  return had;
}

const hour = 3_600_000;

describe("a Ready binding", () => {
  test("whose roles podtrust made has no pass before its next proof is due, an hour after the last", async (t) => {
    const world = await ready(t);
    using _time = world.clock.stop();
    world.clock.move(hour / 2);
    const { againIn = 0 } = await world.pass();
    assert.ok(againIn > hour / 2 - 5000 && againIn <= hour / 2, `it comes again after ${againIn} ms`);
    world.clock.move(againIn);
    const asked = world.sandbox.sandbox.decisions().length;
    assert.equal((await world.pass()).againIn, hour);
    assert.ok(world.sandbox.sandbox.decisions().length > asked, "STS was not asked again");
  });

  test("that names a role of somebody else's looks at it each minute", async (t) => {
    const world = await ready(t);
    const { issuer, providerArn } = world.sandbox;
    const host = issuer.issuer.replace("https://", "");
    const statement = {
      Effect: "Allow",
      Principal: { Federated: providerArn },
      Action: "sts:AssumeRoleWithWebIdentity",
      Condition: { StringEquals: { [`${host}:sub`]: "system:serviceaccount:shop:web" } },
    };
    const arn = await world.sandbox.role("theirs", {
      trust: { Version: "2012-10-17", Statement: statement },
    });
    const existingRoles = [arn];
    world.grants({ name: "shop", namespaces: ["shop"], accounts: [account], policies: [ssm], existingRoles });
    world.bind({
      roles: [
        { profile: "default", managed: { policies: [ssm] } },
        { profile: "theirs", existing: { arn } },
      ],
    });
    const [proved, still] = [await world.pass(), await world.pass()];
    assert.equal(readyOf(still), "True StsAccepted");
    assert.deepEqual([proved.againIn, still.againIn], [60_000, 60_000]);
  });

  test("gets back within two minutes what was taken from its role by hand, and has no other pass", async (t) => {
    const world = await ready(t);
    assert.deepEqual(await minutesOf(world, 3), []);
    await world.iam.send(new DetachRolePolicyCommand({ RoleName: "prod.shop.web", PolicyArn: ssm }));
    const [first = 0, ...others] = await minutesOf(world, 5);
    assert.ok(first <= 2, `it had its pass in minute ${first}`);
    assert.deepEqual(others, []);
    assert.deepEqual((await world.role("prod.shop.web"))?.policies, [ssm]);
  });

  test("is told of within two minutes that its account no longer trusts the issuer", async (t) => {
    const world = await ready(t);
    await minutesOf(world, 1);
    const OpenIDConnectProviderArn = world.sandbox.providerArn;
    await world.iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }));
    const [first = 0] = await minutesOf(world, 2);
    assert.ok(first > 0, "it had no pass");
    assert.equal(readyOf(await world.pass()), "False ProviderMissing");
  });

  test("has a pass when nobody looks at its account any more: what is changed meanwhile nobody would show", async (t) => {
    const world = await ready(t);
    const woken: string[] = [];
    world.clients.aws.subscribe((key) => woken.push(key));
    world.clock.move(301_000);
    const { issuer } = world.sandbox.issuer;
    world.trust({ stack: "other", issuer, accounts: [{ id: account, region: "eu-central-1" }] }, "other");
    await world.trustPass("other");
    assert.deepEqual(woken, ["shop/web"]);
  });
});

/** Has the binding deleted, and gives the calls of IAM by which its role goes. */
async function deleted(world: PassWorld): Promise<readonly string[]> {
  const object = world.objects.get(binding);
  assert.ok(object !== undefined);
  const metadata = { ...object.metadata, deletionTimestamp: "2026-11-28T00:00:00Z" };
  world.objects.set(binding, { ...object, metadata });
  const before = world.calls.length;
  assert.equal((await world.pass()).againIn, undefined);
  assert.equal(await world.role("prod.shop.web"), undefined);
  return world.calls.slice(before).map(({ action }) => action);
}

describe("a binding that is deleted", () => {
  const thrice = ["GetRole", "DetachRolePolicy", "DeleteRole"];

  test("takes three calls of IAM for a role with a policy that a look has shown a moment ago", async (t) => {
    const world = await ready(t);
    world.clock.move(60_000);
    await world.trustPass();
    assert.deepEqual(await deleted(world), thrice);
  });

  test("takes three calls of IAM for a role that was made a moment ago", async (t) => {
    assert.deepEqual(await deleted(await ready(t)), thrice);
  });

  test("has all read that is on the role where somebody has put more on it since", async (t) => {
    const world = await ready(t);
    await world.iam.send(new PutRolePolicyCommand(inline));
    const [first, ...others] = await deleted(world);
    assert.deepEqual([first, ...others.slice(0, 2)], thrice);
    assert.ok(others.includes("ListAttachedRolePolicies"), "it was not read");
  });

  test("has all read that is on a role which somebody has made anew since", async (t) => {
    const world = await ready(t);
    const { tags, trust } = (await world.role("prod.shop.web")) ?? {};
    const RoleName = "prod.shop.web";
    await world.iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn: ssm }));
    await world.iam.send(new DeleteRoleCommand({ RoleName }));
    const Tags = Object.entries(tags ?? {}).map(([Key, Value]) => ({ Key, Value }));
    const Path = "/podtrust/";
    await world.iam.send(new CreateRoleCommand({ RoleName, Path, AssumeRolePolicyDocument: trust, Tags }));
    await world.iam.send(new PutRolePolicyCommand(inline));
    assert.deepEqual((await deleted(world)).slice(0, 2), ["GetRole", "DeleteRole"]);
  });
});
