/** What a grant says is what AWS has: rights are cut at the beginning of a pass, whatever a binding, IAM or a person does. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import type { JsonRecord } from "../../../src/core/base/index.ts";
import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  DeletePolicyCommand,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { account } from "../../support/bindings/objects.ts";
import { makePolicies, readyOf, type PassWorld, passWorld } from "../../support/bindings/pass-world.ts";

const arn = (name: string): string => `arn:aws:iam::${account}:policy${name}`;
const admin = "arn:aws:iam::aws:policy/AdministratorAccess";
const ssm = "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess";
const denyAll = "arn:aws:iam::aws:policy/AWSDenyAll";
const [a, b, tenants] = [arn("/shop/a"), arn("/shop/b"), arn("/tenants")];
const s3 = { Effect: "Allow", Action: "s3:*", Resource: "*" };
const policy = (...Statement: readonly object[]): object => ({ Version: "2012-10-17", Statement });
const all = policy({ Effect: "Allow", Action: "*", Resource: "*" });

interface GrantSpec extends JsonRecord {
  readonly name: string;
}

const plain: GrantSpec = {
  name: "plain",
  namespaces: ["shop"],
  accounts: [account],
  policies: [arn("/shop/*")],
};
const teams: GrantSpec = {
  name: "teams",
  namespaces: ["shop"],
  accounts: [account],
  policies: ["arn:aws:iam::aws:policy/*"],
  inline: true,
  boundary: tenants,
};

interface CutWorld extends PassWorld {
  readonly managed: (managed: JsonRecord) => void;
  readonly rights: () => Promise<JsonRecord>;
}

async function cutWorld(t: TestContext): Promise<CutWorld> {
  const world = await passWorld(t);
  await makePolicies(world.iam, { "/shop/a": s3, "/shop/b": s3, "/tenants": s3 });
  return Object.assign(world, {
    managed: (managed: JsonRecord) => world.bind({ roles: [{ profile: "default", managed }] }),
    async rights() {
      const role = await world.role("prod.shop.web");
      return {
        boundary: role?.boundary,
        policies: [...(role?.policies ?? [])].sort(),
        inline: Object.keys(role?.inline ?? {}).sort(),
      };
    },
  });
}

/** A role of two policies, made by its grant. */
async function withTwo(t: TestContext): Promise<CutWorld> {
  const world = await cutWorld(t);
  world.grants({ ...plain, policies: [a, b] });
  world.managed({ policies: [a, b] });
  assert.match(readyOf(await world.pass()), /RolePending|StsAccepted/u);
  assert.deepEqual((await world.rights())["policies"], [a, b]);
  world.changes();
  return world;
}

describe("what a grant no longer allows is taken from a role first", () => {
  test("by its own account's grant, whatever another allows a role of that name elsewhere", async (t) => {
    const world = await cutWorld(t);
    const other = { id: "444455556666", region: "eu-west-1" };
    const role = `arn:aws:iam::${other.id}:role/prod.shop.web`;
    const first = { ...plain, policies: [a], tags: [{ key: "team", value: "first" }] };
    const second = {
      ...first,
      name: "second",
      accounts: [account, other.id],
      existingRoles: [role],
      tags: [{ key: "team", value: "second" }],
    };
    world.trust({
      stack: "prod",
      issuer: world.sandbox.issuer.issuer,
      accounts: [{ id: account, region: "eu-central-1" }, other],
      grants: [first, second],
    });
    world.bind({
      roles: [
        { profile: "default", account, managed: { policies: [a] } },
        { profile: "theirs", existing: { arn: role } },
      ],
    });
    await world.pass();
    assert.equal((await world.role("prod.shop.web"))?.tags["team"], "first");
    world.changes();
    await world.pass();
    assert.deepEqual(world.changes(), [], "nothing is cut by the other account's grant, and made again");
  });

  test("though the binding was made invalid on purpose, and what the grant still allows stays", async (t) => {
    const world = await cutWorld(t);
    world.grants(teams);
    const inline = [{ name: "own", document: policy({ ...s3, Action: "s3:Get*" }) }];
    world.managed({ policies: [ssm, admin], inline });
    await world.pass();
    const document = policy({ Effect: "Allow", Action: "s3:*", Resource: "*", Foo: 1 });
    world.managed({ policies: [ssm, admin], inline: [{ name: "own", document }] });
    assert.equal(readyOf(await world.pass()), "False BindingInvalid");
    assert.deepEqual(await world.rights(), { boundary: tenants, policies: [admin, ssm], inline: ["own"] });
    world.grants({ ...plain, policies: [ssm] });
    assert.equal(readyOf(await world.pass()), "False BindingInvalid");
    assert.deepEqual(await world.rights(), { boundary: tenants, policies: [ssm], inline: [] });
  });

  test("though the binding asks for two tags that are one to IAM", async (t) => {
    const world = await withTwo(t);
    const tags = [
      { key: "a", value: "1" },
      { key: "A", value: "2" },
    ];
    world.managed({ policies: [a], tags });
    world.grants({ ...plain, policies: [a], boundary: tenants });
    await world.pass();
    assert.deepEqual(await world.rights(), { boundary: tenants, policies: [a], inline: [] });
  });

  test("though the binding asks for a policy that is not there", async (t) => {
    const world = await withTwo(t);
    world.managed({ policies: [a, arn("/shop/none")] });
    world.grants({ ...plain, policies: [a, arn("/shop/none")] });
    assert.equal(readyOf(await world.pass()), "False PolicyMissing");
    assert.deepEqual((await world.rights())["policies"], [a]);
  });

  test("though the binding is refused for something else", async (t) => {
    const world = await withTwo(t);
    world.grants({ ...plain, policies: [a] });
    assert.equal(readyOf(await world.pass()), "False PolicyNotGranted");
    assert.deepEqual((await world.rights())["policies"], [a]);
  });

  test("from each role with the binding's mark, also one that its status does not name", async (t) => {
    const world = await withTwo(t);
    const role = await world.role("prod.shop.web");
    await world.iam.send(
      new CreateRoleCommand({
        RoleName: "forgotten",
        Path: "/podtrust/",
        AssumeRolePolicyDocument: role?.trust,
        Tags: Object.entries(role?.tags ?? {}).map(([Key, Value]) => ({ Key, Value })),
      }),
    );
    await world.iam.send(new AttachRolePolicyCommand({ RoleName: "forgotten", PolicyArn: admin }));
    world.clock.move(60_000);
    await world.pass();
    assert.deepEqual((await world.role("forgotten"))?.policies, []);
  });

  test("before anything new is put on it, and what denies goes last", async (t) => {
    const world = await cutWorld(t);
    world.grants({ ...plain, policies: [arn("/shop/*"), admin] });
    world.managed({ policies: [a, admin] });
    await world.pass();
    const RoleName = "prod.shop.web";
    const deny = policy({ Effect: "Deny", Action: "iam:*", Resource: "*" });
    const put = (PolicyName: string, document: object) =>
      world.iam.send(
        new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: JSON.stringify(document) }),
      );
    await put("deny", deny);
    await put("own", all);
    world.managed({ policies: [b] });
    world.grants({ ...plain, boundary: tenants });
    world.changes();
    world.calls.length = 0;
    await world.pass();
    const made = world.calls
      .filter(({ isChange }) => isChange)
      .map(({ action, input: { PolicyArn, PolicyName } }) => [action, PolicyArn ?? PolicyName]);
    assert.deepEqual(made, [
      ["PutRolePermissionsBoundary", undefined],
      ["DetachRolePolicy", admin],
      ["DeleteRolePolicy", "own"],
      ["DeleteRolePolicy", "deny"],
      ["AttachRolePolicy", b],
      ["DetachRolePolicy", a],
    ]);
  });

  test("a cut that fails ends the pass, and is the next one's first change", async (t) => {
    const world = await withTwo(t);
    world.grants({ ...plain, policies: [a, arn("/shop/c")] });
    await makePolicies(world.iam, { "/shop/c": s3 });
    world.managed({ policies: [a, arn("/shop/c")] });
    world.mishap = ({ action }) => (action === "DetachRolePolicy" ? "refused" : undefined);
    assert.match(readyOf(await world.pass()), /^(?:False|Unknown) Aws/u);
    assert.deepEqual((await world.rights())["policies"], [a, b]);
    assert.deepEqual([...new Set(world.changes())], ["DetachRolePolicy"]);
    world.mishap = () => undefined;
    world.restart();
    await world.pass();
    assert.deepEqual((await world.rights())["policies"], [a, arn("/shop/c")]);
    assert.equal(world.changes()[0], "DetachRolePolicy");
  });

  test("a boundary that does not exist leaves nothing to the role until it does", async (t) => {
    const world = await withTwo(t);
    world.grants({ ...plain, policies: [a], boundary: arn("/none") });
    world.managed({ policies: [a] });
    for (const _ of [1, 2]) {
      assert.equal(readyOf(await world.pass()), "False PolicyMissing");
      assert.deepEqual(await world.rights(), { boundary: denyAll, policies: [a], inline: [] });
    }
    await makePolicies(world.iam, { "/none": s3 });
    world.clock.move(60_000);
    assert.match(readyOf(await world.pass()), /RolePending|StsAccepted/u);
    assert.deepEqual(await world.rights(), { boundary: arn("/none"), policies: [a], inline: [] });
  });

  test("a boundary of another account is no grant for the role: another grant decides, or the role is closed", async (t) => {
    const world = await withTwo(t);
    const elsewhere = { ...plain, name: "elsewhere", boundary: "arn:aws:iam::444455556666:policy/tenants" };
    world.grants({ ...elsewhere, policies: [a, b] }, { ...plain, policies: [a] });
    await world.pass();
    assert.deepEqual(await world.rights(), { boundary: undefined, policies: [a], inline: [] });
    world.grants({ ...elsewhere, policies: [a, b] });
    assert.equal(readyOf(await world.pass()), "False AccountNotGranted");
    assert.deepEqual((await world.rights())["boundary"], denyAll);
  });
});

describe("a binding that moves from one grant to another", () => {
  test("keeps the boundary of the first until all is off that the second does not allow", async (t) => {
    const world = await cutWorld(t);
    world.grants(plain, teams);
    world.managed({ policies: [admin], inline: [{ name: "own", document: all }] });
    await world.pass();
    assert.deepEqual(await world.rights(), { boundary: tenants, policies: [admin], inline: ["own"] });
    world.managed({ policies: [a] });
    // As where a policy goes in the moment between the look at it and its attachment.
    world.mishap = ({ action }) => (action === "AttachRolePolicy" ? "refused" : undefined);
    for (const _ of [1, 2, 3]) {
      await world.pass();
      const { boundary, policies, inline } = await world.rights();
      assert.ok(
        boundary === tenants || ([policies, inline] as unknown[][]).every(({ length }) => length === 0),
      );
    }
    await world.iam.send(new DeletePolicyCommand({ PolicyArn: a }));
    world.clock.move(60_000);
    assert.equal(readyOf(await world.pass()), "False PolicyMissing");
    assert.deepEqual(await world.rights(), { boundary: tenants, policies: [], inline: [] });
  });
});

describe("a role of which no grant is left", () => {
  test("lets nobody in, ends the sessions that live, has no policy, and gets all back with the grant", async (t) => {
    const world = await withTwo(t);
    const before = await world.role("prod.shop.web");
    world.grants({ ...plain, namespaces: ["other"] });
    assert.equal(readyOf(await world.pass()), "False NamespaceNotGranted");
    const closed = await world.role("prod.shop.web");
    assert.deepEqual(
      [closed?.id, closed?.boundary, closed?.policies, Object.keys(closed?.inline ?? {})],
      [before?.id, "arn:aws:iam::aws:policy/AWSDenyAll", [], ["AWSRevokeOlderSessions"]],
    );
    assert.match(closed?.trust ?? "", /"Effect":"Deny"/u);
    assert.match(closed?.inline["AWSRevokeOlderSessions"] ?? "", /aws:TokenIssueTime/u);
    world.changes();
    await world.pass();
    assert.deepEqual(world.changes(), []);
    world.grants({ ...plain, policies: [a, b] });
    await world.pass();
    assert.deepEqual(await world.role("prod.shop.web"), before);
  });

  test("is closed too where its trust is being deleted, and where the binding is invalid", async (t) => {
    const world = await withTwo(t);
    world.managed({ policies: [], inline: [{ name: "x", document: { Foo: 1 } }] });
    const trust = [...world.objects.entries()].find(([, { kind }]) => kind === "AWSTrust");
    assert.ok(trust !== undefined);
    const [key, object] = trust;
    const generation = (object.metadata.generation ?? 0) + 1;
    const metadata = { ...object.metadata, generation, deletionTimestamp: "2026-11-28T00:00:00Z" };
    world.objects.set(key, { ...object, metadata });
    await world.pass();
    assert.deepEqual(await world.rights(), {
      boundary: "arn:aws:iam::aws:policy/AWSDenyAll",
      policies: [],
      inline: ["AWSRevokeOlderSessions"],
    });
  });
});

describe("a role that its binding no longer wants", () => {
  test("is deleted though the role in its place cannot be made", async (t) => {
    const world = await cutWorld(t);
    world.grants(plain);
    const bind = (second: string): void =>
      world.bind({
        roles: ["default", second].map((profile) => ({ profile, managed: { policies: [a] } })),
      });
    const names = async (): Promise<readonly string[]> =>
      (await world.roles()).map(({ name }) => name).sort();
    bind("reports");
    await world.pass();
    assert.deepEqual(await names(), ["prod.shop.web", "prod.shop.web@reports"]);
    bind("audit");
    world.refusal = ({ action }) =>
      action === "CreateRole" ? Object.assign(new Error("too many"), { name: "LimitExceeded" }) : undefined;
    assert.equal(readyOf(await world.pass()), "False QuotaReached");
    assert.deepEqual(await names(), ["prod.shop.web"]);
  });
});

describe("a role that another binding of the same name left", () => {
  for (const [who, begin] of [
    ["", () => {}],
    [
      ", also by an operator that began anew and has looked at no account yet",
      (world: PassWorld) => world.restart(),
    ],
  ] as const)
    test(`is closed by the pass of one that no grant allows, and that has no role itself${who}`, async (t) => {
      const world = await withTwo(t);
      world.objects.delete("AWSRoleBinding shop/web");
      world.grants();
      world.managed({ policies: [a] });
      begin(world);
      assert.equal(readyOf(await world.pass()), "False NamespaceNotGranted");
      assert.deepEqual(await world.rights(), {
        boundary: "arn:aws:iam::aws:policy/AWSDenyAll",
        policies: [],
        inline: ["AWSRevokeOlderSessions"],
      });
    });
});

describe("a pass that finds nothing to cut", () => {
  test("costs no call of its own where neither trust nor binding has changed", async (t) => {
    const world = await withTwo(t);
    await world.pass();
    world.calls.length = 0;
    await world.pass();
    assert.deepEqual(world.calls, []);
  });

  test("looks at the account once more where the trust has changed, for all bindings together", async (t) => {
    const world = await withTwo(t);
    const names = ["one", "two", "three"];
    for (const name of names) {
      world.bind({ roles: [{ profile: "default", managed: { policies: [a] } }] }, { name });
      await world.pass("shop", name);
      await world.pass("shop", name);
    }
    world.clock.move(10_000);
    world.grants({ ...plain, policies: [a, b], maxSessionSeconds: 7200 });
    world.calls.length = 0;
    for (const name of ["web", ...names]) await world.pass("shop", name);
    const actions = world.calls.map(({ action }) => action);
    assert.equal(actions.filter((one) => one === "GetAccountAuthorizationDetails").length, 1);
    assert.ok(!actions.includes("GetRole"), actions.join());
  });

  test("looks at no account anew for a binding that never had anything, where one look is young", async (t) => {
    const world = await withTwo(t);
    await world.pass();
    world.calls.length = 0;
    for (const name of ["one", "two", "three"]) {
      world.clock.move(5000);
      world.bind({ roles: [{ profile: "default", managed: { policies: [a] } }] }, { name });
      await world.pass("shop", name);
    }
    const actions = world.calls.map(({ action }) => action);
    assert.ok(actions.includes("CreateRole"), actions.join());
    assert.ok(!actions.includes("GetAccountAuthorizationDetails"), actions.join());
  });
});
