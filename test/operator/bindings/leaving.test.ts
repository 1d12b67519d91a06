/** An account that leaves a trust is emptied first: the operator remembers how it is reached until nothing stands there. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { type JsonRecord, recordOf } from "../../../src/core/base/index.ts";
import { account } from "../../support/bindings/objects.ts";
import { makePolicies, readyOf, type PassWorld, passWorld } from "../../support/bindings/pass-world.ts";

const policy = `arn:aws:iam::${account}:policy/shop/a`;
const role = `arn:aws:iam::${account}:role/podtrust/prod.shop.web`;
/** The account that the trust is left with. AWS does not know us as it. */
const other = { id: "444455556666", region: "eu-west-1" };
const own = { id: account, region: "eu-central-1" };
const grant = { name: "shop", namespaces: ["shop"], accounts: [account], policies: [policy] };
const trustKey = "AWSTrust /default";
const bindingKey = "AWSRoleBinding shop/web";
const minutes = 60_000;

interface LeavingWorld extends PassWorld {
  /** Writes the trust anew, with these accounts and grants. */
  readonly says: (accounts: readonly JsonRecord[], ...grants: readonly JsonRecord[]) => void;
  /** The account leaves the trust, and its grants go in the same edit. */
  readonly leaves: () => void;
  readonly delete: (key: string) => void;
  readonly annotate: (gone: string) => void;
  /** Passes of the trust, with so many minutes before each. */
  readonly looks: (...waits: readonly number[]) => Promise<string>;
  /** Ids of the scopes in the trust's status. */
  readonly scopes: () => readonly string[];
  /** `open`, `closed`, or `gone`. */
  readonly state: () => Promise<string>;
  /** What the condition Emptied says; undefined where the trust has none. */
  readonly emptied: () => string | undefined;
}

async function leavingWorld(t: TestContext): Promise<LeavingWorld> {
  const world = await passWorld(t);
  const { objects, sandbox } = world;
  await makePolicies(world.iam, { "/shop/a": { Effect: "Allow", Action: "s3:*", Resource: "*" } });
  const changed = (key: string, metadata: JsonRecord): void => {
    const object = objects.get(key);
    assert.ok(object !== undefined, key);
    objects.set(key, { ...object, metadata: { ...object.metadata, ...metadata } });
  };
  const statusOf = (): JsonRecord => (objects.get(trustKey)?.["status"] ?? {}) as JsonRecord;
  const says: LeavingWorld["says"] = (accounts, ...grants) =>
    void world.trust({ stack: "prod", issuer: sandbox.issuer.issuer, accounts, grants });
  const leaving: LeavingWorld = Object.assign(world, {
    says,
    leaves: () => says([other]),
    delete: (key: string) => changed(key, { deletionTimestamp: "2026-12-01T00:00:00Z" }),
    annotate: (gone: string) => changed(trustKey, { annotations: { "podtrust.dev/gone": gone } }),
    async looks(...waits: readonly number[]) {
      let said = "";
      for (const wait of waits) {
        world.clock.move(wait * minutes);
        said = readyOf({ ...(await world.trustPass()), changes: [] });
      }
      return said;
    },
    scopes: () => ((statusOf()["scopes"] ?? []) as readonly JsonRecord[]).map(({ id }) => String(id)),
    async state() {
      const found = await world.role("prod.shop.web");
      if (found === undefined) return "gone";
      return found.policies.length === 0 && found.trust.includes('"Effect":"Deny"') ? "closed" : "open";
    },
    emptied() {
      const conditions = (statusOf()["conditions"] ?? []) as readonly JsonRecord[];
      const found = conditions.find(({ type }) => type === "Emptied");
      return found && `${String(found["reason"])} ${String(found["message"])}`;
    },
  });
  says([own, other], grant);
  world.bind({ roles: [{ profile: "default", account, managed: { policies: [policy] } }] });
  await world.pass();
  assert.equal(await leaving.state(), "open");
  return leaving;
}

describe("an account that leaves its trust together with the grants for it", () => {
  test("has its roles closed by the next pass of their binding, which was told nothing but that", async (t) => {
    const world = await leavingWorld(t);
    world.leaves();
    assert.equal(readyOf(await world.pass()), "False NamespaceNotGranted");
    assert.equal(await world.state(), "closed");
  });

  test("has them closed by an operator that began anew, and that no pass of the trust came before", async (t) => {
    const world = await leavingWorld(t);
    world.leaves();
    world.restart();
    await world.pass();
    assert.equal(await world.state(), "closed");
  });

  test("stays in the trust's status while a role is there, which the condition names, and ten minutes more", async (t) => {
    const world = await leavingWorld(t);
    world.leaves();
    await world.pass();
    await world.looks(1, 4, 4, 4, 4);
    assert.deepEqual(world.scopes(), [account]);
    assert.equal(
      world.emptied(),
      `ScopeLeaving ${account} leaves the trust, and bindings still have there ${role}`,
    );
    world.delete(bindingKey);
    await world.pass();
    assert.equal(await world.state(), "gone");
    await world.looks(1, 5);
    assert.deepEqual(world.scopes(), [account]);
    await world.looks(5);
    assert.deepEqual(world.scopes(), []);
    assert.equal(world.emptied(), undefined);
  });

  test("loses a role whose binding was deleted meanwhile", async (t) => {
    const world = await leavingWorld(t);
    world.leaves();
    world.delete(bindingKey);
    await world.pass();
    assert.equal(await world.state(), "gone");
    assert.equal(world.objects.get(bindingKey), undefined);
  });

  test("loses a role whose binding went while AWS did not answer, also by an operator that began anew", async (t) => {
    const world = await leavingWorld(t);
    world.leaves();
    world.delete(bindingKey);
    world.mishap = ({ isChange }) => (isChange ? "refused" : undefined);
    await world.pass();
    world.clock.move(2 * minutes);
    await world.pass();
    assert.equal(world.objects.get(bindingKey), undefined);
    world.mishap = () => undefined;
    world.restart();
    await world.looks(1, 4, 4, 4);
    assert.equal(await world.state(), "gone");
  });

  test("keeps a trust that is deleted until its roles are closed", async (t) => {
    const world = await leavingWorld(t);
    world.leaves();
    world.objects.delete(bindingKey);
    world.delete(trustKey);
    world.restart();
    world.mishap = () => "refused";
    await world.looks(1, 1);
    assert.notEqual(world.objects.get(trustKey), undefined);
    world.mishap = () => undefined;
    world.annotate(other.id);
    await world.looks(1);
    assert.equal(world.objects.get(trustKey), undefined);
    assert.equal(await world.state(), "closed");
  });

  test("has its roles closed too where the trust is deleted and a binding still names it", async (t) => {
    const world = await leavingWorld(t);
    world.leaves();
    world.delete(trustKey);
    await world.pass();
    assert.equal(await world.state(), "closed");
    await world.looks(1);
    assert.notEqual(world.objects.get(trustKey), undefined);
  });

  test("is not empty for the roles of bindings that now are for another account: those are deleted", async (t) => {
    const world = await leavingWorld(t);
    const arn = `arn:aws:iam::${other.id}:role/shop/web`;
    world.says([other], { ...grant, accounts: [other.id], existingRoles: [arn] });
    world.bind({ roles: [{ profile: "default", existing: { arn } }] });
    await world.pass();
    assert.equal(await world.state(), "gone");
  });

  test("gets all back with the grant where it comes back", async (t) => {
    const world = await leavingWorld(t);
    const before = await world.role("prod.shop.web");
    world.leaves();
    await world.pass();
    await world.looks(1);
    world.says([own, other], grant);
    await world.pass();
    assert.deepEqual(await world.role("prod.shop.web"), before);
    await world.looks(1);
    assert.equal(world.emptied(), undefined);
  });
});

describe("an account that leaves its trust after podtrust lost its rights there", () => {
  async function lost(t: TestContext): Promise<LeavingWorld> {
    const world = await leavingWorld(t);
    world.leaves();
    world.refusal = () => Object.assign(new Error("no rights"), { name: "AccessDenied" });
    world.restart();
    return world;
  }

  test("is named by the trust, which is not Ready, with what a person can say", async (t) => {
    const world = await lost(t);
    assert.match(readyOf(await world.pass()), /^(?:False|Unknown) Aws/u);
    await world.looks(1, 12);
    assert.match(world.emptied() ?? "", new RegExp(`^ScopeNotAsked ${account} leaves the trust`, "u"));
    assert.match(world.emptied() ?? "", /podtrust\.dev\/gone=111122223333/u);
    assert.deepEqual(world.scopes(), [account]);
  });

  test("is asked no more once a person says by its id that it is gone, and no role of it is waited for", async (t) => {
    const world = await lost(t);
    await world.looks(1);
    world.annotate(`${account}, 999988887777`);
    await world.looks(1);
    assert.deepEqual(world.scopes(), []);
    assert.equal(world.emptied(), undefined);
    assert.equal(readyOf(await world.pass()), "False NamespaceNotGranted");
    world.delete(bindingKey);
    const { events } = await world.pass();
    assert.deepEqual(events, []);
    assert.equal(world.objects.get(bindingKey), undefined);
  });

  test("is not gone by a word about another one", async (t) => {
    const world = await lost(t);
    world.annotate(other.id);
    await world.looks(1);
    assert.deepEqual(world.scopes(), [account]);
  });
});

test("an account that was never reached leaves its trust at once: nothing was made there", async (t) => {
  const world = await leavingWorld(t);
  await world.looks(1);
  assert.deepEqual(world.scopes(), [account]);
  world.says([own], grant);
  assert.equal(await world.looks(1), "True ProviderFound");
  assert.equal(world.emptied(), undefined);
});

describe("an account of the trust that a person said is gone", () => {
  test("has no role made in it: with that word it would leave the trust and keep what is made", async (t) => {
    const world = await leavingWorld(t);
    world.annotate(account);
    world.bind(
      { roles: [{ profile: "default", account, managed: { policies: [policy] } }] },
      { name: "new" },
    );
    assert.equal(readyOf(await world.pass("shop", "new")), "False ScopeGone");
    assert.deepEqual(
      (await world.roles()).map(({ name }) => name),
      ["prod.shop.web"],
    );
    assert.equal(await world.state(), "open");
  });

  test("is asked no more where the trust is deleted, which then goes", async (t) => {
    const world = await leavingWorld(t);
    world.objects.delete(bindingKey);
    world.refusal = () => Object.assign(new Error("no rights"), { name: "AccessDenied" });
    world.restart();
    world.delete(trustKey);
    await world.looks(1);
    assert.notEqual(world.objects.get(trustKey), undefined);
    world.annotate([account, other.id].join());
    await world.looks(1);
    assert.equal(world.objects.get(trustKey), undefined);
  });
});

test("what a binding may have in an account is remembered before the first role is made there", async (t) => {
  const world = await leavingWorld(t);
  const seen: unknown[] = [];
  world.trust(world.objects.get(trustKey)?.["spec"] as JsonRecord, "second");
  world.changed = ({ action }) => {
    if (action === "CreateRole") {
      const trust = world.objects.get("AWSTrust /second");
      seen.push(recordOf(trust?.["status"])["scopes"], trust?.metadata.finalizers);
    }
    return Promise.resolve();
  };
  world.bind(
    { trust: "second", roles: [{ profile: "default", account, managed: { policies: [policy] } }] },
    { name: "two" },
  );
  await world.pass("shop", "two");
  assert.deepEqual(seen, [[own], ["podtrust.dev/aws"]]);
});
