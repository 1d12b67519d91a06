/** Whose a role is, and what is no answer: a trust that is not there, an AWS that does not answer, another cluster's role. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonRecord } from "../../../src/core/base/index.ts";
import {
  AddRoleToInstanceProfileCommand,
  AttachRolePolicyCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { finalizer } from "../../../src/rules/bindings/index.ts";
import { account } from "../../support/bindings/objects.ts";
import { makePolicies, readyOf, type PassWorld, passWorld } from "../../support/bindings/pass-world.ts";

const arn = (name: string): string => `arn:aws:iam::${account}:policy${name}`;
const [a, b] = [arn("/shop/a"), arn("/shop/b")];
const admin = "arn:aws:iam::aws:policy/AdministratorAccess";
const allow = { Effect: "Allow", Action: "s3:*", Resource: "*" };
const legacy = `arn:aws:iam::${account}:role/legacy-shop`;
const grant = {
  name: "shop",
  namespaces: ["shop"],
  accounts: [account],
  policies: [arn("/shop/*")],
  adoptRoles: [legacy],
};
const minutes = 60_000;

function spec(world: PassWorld, more: JsonRecord = {}): JsonRecord {
  return {
    stack: "prod",
    issuer: world.sandbox.issuer.issuer,
    accounts: [{ id: account, region: "eu-central-1" }],
    grants: [grant],
    ...more,
  };
}

/** The name of the role of which an Event tells. */
const roleIn = (message: string): string | undefined => /^[^ ]+\/([\w.-]+): /u.exec(message)?.[1];

const binding = (managed: JsonRecord): JsonRecord => ({ roles: [{ profile: "default", managed }] });

async function bound(t: Parameters<typeof passWorld>[0]): Promise<PassWorld> {
  const world = await passWorld(t);
  await makePolicies(world.iam, { "/shop/a": allow, "/shop/b": allow });
  world.trust(spec(world));
  world.bind(binding({ policies: [a, b] }));
  await world.pass();
  world.changes();
  return world;
}

/** A role that some other provider's tokens get. */
async function roleOfAnother(world: PassWorld, RoleName: string, mark?: string): Promise<void> {
  const trust = (await world.role("prod.shop.web"))?.trust ?? "";
  const host = world.sandbox.issuer.issuer.replace("https://", "");
  const tags = { "podtrust:stack": mark ?? "", "podtrust:format": "1" };
  await world.iam.send(
    new CreateRoleCommand({
      RoleName,
      Path: mark === undefined ? "/" : "/podtrust/",
      AssumeRolePolicyDocument: trust.replaceAll(host, "oidc.elsewhere.example"),
      ...(mark === undefined ? {} : { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }),
    }),
  );
  await world.iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: admin }));
}

describe("what is no answer takes nothing away", () => {
  test("a trust that is not there: Ready is Unknown, and the roles keep what they have", async (t) => {
    const world = await bound(t);
    const before = await world.role("prod.shop.web");
    const key = [...world.objects.keys()].find((one) => one.startsWith("AWSTrust")) ?? "";
    world.objects.delete(key);
    const outcome = await world.pass();
    assert.equal(readyOf(outcome), "Unknown TrustMissing");
    assert.deepEqual(world.changes(), []);
    assert.deepEqual(await world.role("prod.shop.web"), before);
    world.trust(spec(world));
    await world.pass();
    assert.deepEqual(world.changes(), []);
  });

  test("an AWS that does not answer: Ready is Unknown, and nothing is changed", async (t) => {
    const world = await bound(t);
    world.trust(spec(world, { grants: [{ ...grant, policies: [a] }] }));
    world.restart();
    world.mishap = ({ isChange }) => (isChange ? undefined : "refused");
    assert.match(readyOf(await world.pass()), /^Unknown /u);
    assert.deepEqual(world.changes(), []);
  });
});

describe("a role whose binding names another trust now", () => {
  /** The binding's finalizer was taken by its owner, and it was made anew. */
  function remade(world: PassWorld, trust: string): void {
    for (const key of [...world.objects.keys()].filter((one) => one.startsWith("AWSRoleBinding")))
      world.objects.delete(key);
    world.bind({ trust, ...binding({ policies: [a] }) });
  }

  async function sweep(world: PassWorld): Promise<void> {
    for (const wait of [1, 4, 4, 4]) {
      world.clock.move(wait * minutes);
      await world.trustPass();
    }
  }

  test("goes by the trust whose mark it carries, ten minutes later and not before", async (t) => {
    const world = await bound(t);
    remade(world, "none");
    await world.pass();
    await world.trustPass();
    world.clock.move(4 * minutes);
    await world.trustPass();
    assert.notEqual(await world.role("prod.shop.web"), undefined);
    await sweep(world);
    assert.equal(await world.role("prod.shop.web"), undefined);
  });

  /** A role with the mark of binding shop/web that stands in the way of others. */
  async function marked(world: PassWorld, RoleName: string, Path: string): Promise<void> {
    const mine = await world.role("prod.shop.web");
    await world.iam.send(
      new CreateRoleCommand({
        RoleName,
        Path,
        AssumeRolePolicyDocument: mine?.trust,
        Tags: Object.entries(mine?.tags ?? {}).map(([Key, Value]) => ({ Key, Value })),
      }),
    );
  }

  test("goes also where others that are left cannot, each of which an Event names once", async (t) => {
    const world = await bound(t);
    // Outside of the trust's path the operator has no rights, and IAM deletes no role that an instance profile has.
    await marked(world, "a-role-elsewhere", "/");
    await marked(world, "a-role-in-use", "/podtrust/");
    const InstanceProfileName = "in-use";
    await world.iam.send(new CreateInstanceProfileCommand({ InstanceProfileName }));
    const added = new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName: "a-role-in-use" });
    await world.iam.send(added);
    remade(world, "none");
    const events: string[] = [];
    for (const wait of [1, 4, 4, 4, 4, 4]) {
      world.clock.move(wait * minutes);
      const outcome = await world.trustPass();
      events.push(...outcome.events.map(({ type, message }) => `${type} ${roleIn(message)}`));
    }
    assert.deepEqual(
      (await world.roles()).map(({ name }) => name),
      ["a-role-elsewhere", "a-role-in-use"],
    );
    assert.deepEqual(events.toSorted(), [
      "Normal prod.shop.web",
      "Warning a-role-elsewhere",
      "Warning a-role-in-use",
    ]);
  });

  test("is closed with its trust also where another cannot be, of which an Event tells", async (t) => {
    const world = await bound(t);
    await world.trustPass();
    await marked(world, "a-role-elsewhere", "/");
    for (const [key, object] of world.objects) {
      if (key.startsWith("AWSRoleBinding")) world.objects.delete(key);
      if (!key.startsWith("AWSTrust")) continue;
      const metadata = {
        ...object.metadata,
        deletionTimestamp: "2026-11-28T00:00:00Z",
        finalizers: [finalizer],
      };
      world.objects.set(key, { ...object, metadata });
    }
    world.clock.move(minutes);
    const { events } = await world.trustPass();
    assert.equal((await world.role("prod.shop.web"))?.boundary, "arn:aws:iam::aws:policy/AWSDenyAll");
    const told = events.map(({ type, message }) => `${type} ${roleIn(message)}`);
    assert.deepEqual(told.toSorted(), ["Normal prod.shop.web", "Warning a-role-elsewhere"]);
  });

  test("stays where the other trust is of the same stack, issuer and account: the role is that one's", async (t) => {
    const world = await bound(t);
    world.trust(spec(world), "second");
    remade(world, "second");
    await world.pass();
    await sweep(world);
    assert.notEqual(await world.role("prod.shop.web"), undefined);
  });
});

describe("a role with the mark of a binding that trusts another cluster's OIDC provider", () => {
  test("is neither changed, nor cut, nor deleted, and the binding says whose it is", async (t) => {
    const world = await bound(t);
    await roleOfAnother(world, "prod.shop.api", "prod/shop/api");
    const before = await world.role("prod.shop.api");
    world.clock.move(minutes);
    world.bind(binding({ policies: [a] }), { name: "api" });
    const outcome = await world.pass("shop", "api");
    assert.equal(readyOf(outcome), "False NotOwned");
    const { message = "" } = outcome.conditions.find(({ type }) => type === "Ready") ?? {};
    assert.match(message, /another cluster, by \S+oidc\.elsewhere\.example/u);
    world.trust(spec(world, { grants: [] }));
    await world.pass("shop", "api");
    const key = "AWSRoleBinding shop/api";
    const object = world.objects.get(key);
    assert.ok(object !== undefined);
    const metadata = { ...object.metadata, deletionTimestamp: "2026-11-28T00:00:00Z" };
    world.objects.set(key, { ...object, metadata });
    await world.pass("shop", "api");
    assert.equal(world.objects.get(key), undefined);
    assert.deepEqual(await world.role("prod.shop.api"), before);
  });

  test("is taken to the new issuer where the trust names the other among its former ones", async (t) => {
    const world = await bound(t);
    await roleOfAnother(world, "prod.shop.api", "prod/shop/api");
    const id = (await world.role("prod.shop.api"))?.id;
    world.clock.move(minutes);
    world.trust(spec(world, { formerIssuers: ["https://oidc.elsewhere.example"] }));
    world.bind(binding({ policies: [a] }), { name: "api" });
    await world.pass("shop", "api");
    const role = await world.role("prod.shop.api");
    assert.deepEqual([role?.id, role?.policies], [id, [a]]);
    assert.doesNotMatch(role?.trust ?? "", /elsewhere/u);
  });
});

describe("a role that is taken over", () => {
  test("whatever it trusts, is brought to what the binding says before the ServiceAccount is let in", async (t) => {
    const world = await bound(t);
    await roleOfAnother(world, "legacy-shop");
    const RoleName = "legacy-shop";
    const document = { Version: "2012-10-17", Statement: { Effect: "Allow", Action: "*", Resource: "*" } };
    const PolicyDocument = JSON.stringify(document);
    await world.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "own", PolicyDocument }));
    await world.iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: a }));
    world.clock.move(minutes);
    world.bind(binding({ policies: [a, b], adopt: legacy }), { name: "old" });
    world.changes();
    await world.pass("shop", "old");
    assert.deepEqual(world.changes(), [
      "TagRole",
      "DetachRolePolicy",
      "DeleteRolePolicy",
      "TagRole",
      "UpdateRole",
      "UpdateAssumeRolePolicy",
      "UntagRole",
      "AttachRolePolicy",
    ]);
    assert.deepEqual((await world.role(RoleName))?.policies, [a, b]);
  });

  test("keeps its rights from the ServiceAccount also where a step fails", async (t) => {
    const world = await bound(t);
    await roleOfAnother(world, "legacy-shop");
    world.clock.move(minutes);
    world.bind(binding({ policies: [a], adopt: legacy }), { name: "old" });
    world.mishap = ({ action }) => (action === "DetachRolePolicy" ? "refused" : undefined);
    for (const _ of [1, 2]) await world.pass("shop", "old");
    const role = await world.role("legacy-shop");
    assert.deepEqual(role?.policies, [admin]);
    assert.match(role?.trust ?? "", /elsewhere/u);
    world.mishap = () => undefined;
    await world.pass("shop", "old");
    assert.deepEqual((await world.role("legacy-shop"))?.policies, [a]);
  });

  test("and is not there is not made: it would stand outside of the trust's path", async (t) => {
    const world = await bound(t);
    world.bind(binding({ policies: [a], adopt: legacy }), { name: "old" });
    assert.equal(readyOf(await world.pass("shop", "old")), "False RoleMissing");
    assert.equal(await world.role("legacy-shop"), undefined);
  });
});
