import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import {
  AttachRolePolicyCommand,
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  DeleteRolePolicyCommand,
  GetOpenIDConnectProviderCommand,
  GetRoleCommand,
  type IAMClient,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  TagOpenIDConnectProviderCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
  AddClientIDToOpenIDConnectProviderCommand,
  RemoveClientIDFromOpenIDConnectProviderCommand,
  UpdateOpenIDConnectProviderThumbprintCommand,
} from "@aws-sdk/client-iam";
import { oidcProviderArn, readRoleState, surveyAccount } from "../../src/aws/index.ts";
import { applyPlan, isEmpty, type Plan, planOf, type Resource } from "../../src/plan/index.ts";
import { type AwsWorld, startAwsWorld } from "../support/aws-world.ts";
import { account } from "../support/sandbox.ts";

const readOnly = "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess";
const deny = (action: string): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: { Effect: "Deny", Action: action, Resource: "*" } });

let world: AwsWorld;
let iam: IAMClient;
let arn: string;

async function begin(): Promise<void> {
  world = await startAwsWorld();
  iam = await world.session.iam();
  arn = oidcProviderArn("aws", account, world.issuer.issuer);
}

async function settle(desired: readonly Resource[]): Promise<Plan> {
  const plan = await planOf({ desired });
  const { failed } = await applyPlan(plan);
  assert.deepEqual(
    failed.map(({ error }) => error.message),
    [],
  );
  return plan;
}

const shown = (plan: Plan): string[] =>
  plan.changes.flatMap(({ kind, resource, fields }) =>
    kind === "none" ? [] : [`${kind} ${resource.link}: ${fields.map(({ field }) => field).join(" ")}`],
  );

describe("provider and role", () => {
  before(begin);
  after(() => world.close());

  test("are planned, made, and then there is nothing left to do", async () => {
    const desired = [
      world.role({
        dependsOn: [world.provider().id],
        inline: { deny: deny("ssm:GetParameter") },
        tags: { team: "a" },
        description: "demo",
      }),
      world.provider({ tags: { team: "a" } }),
    ];
    const plan = await settle(desired);
    assert.deepEqual(shown(plan), [
      "create provider: url audiences tags.podtrust:format tags.podtrust:stack tags.team",
      "create trust: path trustPolicy description maxSession policies inline.deny tags.podtrust:format tags.podtrust:stack tags.team",
    ]);
    assert.equal(isEmpty(await planOf({ desired })), true);
  });

  test("thumbprints that AWS filled in are no difference", async () => {
    const found = await iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn }));
    assert.equal(found.ThumbprintList?.length, 1);
    assert.equal(isEmpty(await planOf({ desired: [world.provider({ tags: { team: "a" } })] })), true);
  });

  test("a role that is no longer in the config goes, and its provider stays; upsert-only keeps both", async () => {
    const { owned } = await surveyAccount(world.session, { stack: "prod", account });
    const desired = [world.provider({ tags: { team: "a" } })];
    assert.equal(isEmpty(await planOf({ desired, owned, policy: "upsert-only" })), true);
    const plan = await planOf({ desired, owned });
    assert.deepEqual(shown(plan), ["delete trust: "]);
    assert.deepEqual((await applyPlan(plan)).failed, []);
    assert.equal(await readRoleState(world.session, "demo"), undefined);
    await settle([world.role()]);
  });

  test("the way down leaves nothing of ours, and a second time finds nothing", async () => {
    const { owned } = await surveyAccount(world.session, { stack: "prod", account });
    assert.equal(owned.length, 2);
    const plan = await planOf({ desired: [], owned, goal: "absent" });
    assert.deepEqual(
      plan.changes.map(({ kind, resource }) => `${kind} ${resource.link}`),
      ["delete trust", "delete provider"],
    );
    assert.deepEqual((await applyPlan(plan)).failed, []);
    assert.deepEqual((await surveyAccount(world.session, { stack: "prod", account })).owned, []);
    // Applying the same plan again is not an error: what is gone is gone.
    assert.deepEqual((await applyPlan(plan)).failed, []);
  });
});

describe("drift", () => {
  let desired: readonly Resource[] = [];
  before(async () => {
    await begin();
    desired = [
      world.provider({ tags: { team: "a" } }),
      world.role({ inline: { deny: deny("ssm:GetParameter") }, tags: { team: "a" }, description: "demo" }),
    ];
    await settle(desired);
  });
  after(() => world.close());

  const RoleName = "demo";
  const cases: [string, () => Promise<unknown>, string][] = [
    [
      "a foreign audience",
      () =>
        iam.send(
          new AddClientIDToOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn, ClientID: "evil" }),
        ),
      "update provider: audiences",
    ],
    [
      "a missing audience",
      () =>
        iam.send(
          new RemoveClientIDFromOpenIDConnectProviderCommand({
            OpenIDConnectProviderArn: arn,
            ClientID: "sts.amazonaws.com",
          }),
        ),
      "update provider: audiences",
    ],
    [
      "a provider's tag",
      () =>
        iam.send(
          new TagOpenIDConnectProviderCommand({
            OpenIDConnectProviderArn: arn,
            Tags: [
              { Key: "team", Value: "b" },
              { Key: "x", Value: "y" },
            ],
          }),
        ),
      "update provider: tags.team tags.x",
    ],
    [
      "the trust policy",
      () =>
        iam.send(
          new UpdateAssumeRolePolicyCommand({
            RoleName,
            PolicyDocument: JSON.stringify({
              Version: "2012-10-17",
              Statement: {
                Effect: "Allow",
                Principal: { AWS: `arn:aws:iam::${account}:root` },
                Action: "sts:AssumeRole",
              },
            }),
          }),
        ),
      "update trust: trustPolicy",
    ],
    [
      "the description",
      () => iam.send(new UpdateRoleCommand({ RoleName, Description: "other", MaxSessionDuration: 3600 })),
      "update trust: description",
    ],
    [
      "the longest session",
      () => iam.send(new UpdateRoleCommand({ RoleName, Description: "demo", MaxSessionDuration: 7200 })),
      "update trust: maxSession",
    ],
    [
      "a permissions boundary",
      () => iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: readOnly })),
      "update trust: boundary",
    ],
    [
      "an attached policy",
      () =>
        iam.send(
          new AttachRolePolicyCommand({ RoleName, PolicyArn: "arn:aws:iam::aws:policy/AdministratorAccess" }),
        ),
      "update trust: policies",
    ],
    [
      "an inline policy more",
      () =>
        iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "more", PolicyDocument: deny("s3:*") })),
      "update trust: inline.more",
    ],
    [
      "an inline policy changed",
      () =>
        iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "deny", PolicyDocument: deny("s3:*") })),
      "update trust: inline.deny",
    ],
    [
      "an inline policy less",
      () => iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: "deny" })),
      "update trust: inline.deny",
    ],
    [
      "a role's tag",
      () => iam.send(new TagRoleCommand({ RoleName, Tags: [{ Key: "extra", Value: "1" }] })),
      "update trust: tags.extra",
    ],
    [
      "a missing tag",
      () => iam.send(new UntagRoleCommand({ RoleName, TagKeys: ["team"] })),
      "update trust: tags.team",
    ],
  ];
  for (const [what, drift, change] of cases) {
    test(`${what} is found and repaired, and the role keeps its id`, async () => {
      const earlier = await readRoleState(world.session, RoleName);
      await drift();
      const plan = await planOf({ desired });
      assert.deepEqual(shown(plan), [change]);
      assert.deepEqual((await applyPlan(plan)).failed, []);
      assert.equal(isEmpty(await planOf({ desired })), true);
      assert.equal((await readRoleState(world.session, RoleName))?.id, earlier?.id);
    });
  }

  test("the same policy written in another way is no drift", async () => {
    const state = await readRoleState(world.session, RoleName);
    const document = JSON.parse(state?.trustPolicy ?? "") as { Statement: Record<string, unknown>[] };
    const rewritten = {
      Statement: document.Statement.map((one) => ({ ...one, Action: [one["Action"]].flat() })),
      Version: "2012-10-17",
    };
    await iam.send(
      new UpdateAssumeRolePolicyCommand({
        RoleName,
        PolicyDocument: JSON.stringify(rewritten, undefined, 4),
      }),
    );
    assert.equal(isEmpty(await planOf({ desired })), true);
  });

  test("thumbprints are set when the config has them, and then are a field like others", async () => {
    const thumbprints = ["A".repeat(40)];
    const tags = { team: "a" };
    const pinned = [world.provider({ tags, thumbprints })];
    assert.deepEqual(shown(await settle(pinned)), ["update provider: thumbprints"]);
    await iam.send(
      new UpdateOpenIDConnectProviderThumbprintCommand({
        OpenIDConnectProviderArn: arn,
        ThumbprintList: ["b".repeat(40)],
      }),
    );
    assert.deepEqual(shown(await settle(pinned)), ["update provider: thumbprints"]);
    assert.equal(isEmpty(await planOf({ desired: pinned })), true);
  });

  test("a boundary that the config has is set, changed back and taken away again", async () => {
    const bounded = [
      world.role({
        inline: { deny: deny("ssm:GetParameter") },
        tags: { team: "a" },
        description: "demo",
        boundary: readOnly,
      }),
    ];
    assert.deepEqual(shown(await settle(bounded)), ["update trust: boundary"]);
    assert.deepEqual(shown(await settle(desired)), ["update trust: boundary"]);
  });

  test("another path than the role has is refused, not replaced", async () => {
    const plan = await planOf({ desired: [world.role({ path: "/workloads/" })] });
    assert.equal(plan.refusals[0]?.code, "aws-role-path");
    await assert.rejects(applyPlan(plan), { code: "aws-role-path" });
  });
});

describe("what is not ours", () => {
  beforeEach(begin);

  test("a role and a provider of others are refused by name, with whose they look like, and stay as they are", async (t) => {
    t.after(() => world.close());
    await iam.send(
      new CreateRoleCommand({
        RoleName: "demo",
        AssumeRolePolicyDocument: JSON.stringify({
          Version: "2012-10-17",
          Statement: {
            Effect: "Allow",
            Principal: { Service: "ec2.amazonaws.com" },
            Action: "sts:AssumeRole",
          },
        }),
        Tags: [{ Key: "ManagedBy", Value: "Terraform" }],
      }),
    );
    await iam.send(
      new CreateOpenIDConnectProviderCommand({
        Url: world.issuer.issuer,
        ClientIDList: ["theirs"],
        Tags: [{ Key: "podtrust:stack", Value: "dev" }],
      }),
    );
    const earlier = await readRoleState(world.session, "demo");
    const plan = await planOf({ desired: [world.provider(), world.role()] });
    assert.deepEqual(
      plan.refusals.map(({ code }) => code),
      ["plan-name-taken", "plan-name-taken"],
    );
    assert.match(plan.refusals[0]?.message ?? "", /podtrust stack "dev"/u);
    assert.match(plan.refusals[1]?.message ?? "", /Terraform \(tag ManagedBy\)/u);
    await assert.rejects(applyPlan(plan), { code: "plan-name-taken" });
    const down = await planOf({ desired: [world.provider(), world.role()], goal: "absent" });
    await applyPlan(down);
    assert.deepEqual(await readRoleState(world.session, "demo"), earlier);
    const provider = await iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn }));
    assert.deepEqual(provider.ClientIDList, ["theirs"]);
  });

  test("is taken over when asked for, keeping the role's id, and then is ours", async (t) => {
    t.after(() => world.close());
    const made = await iam.send(
      new CreateRoleCommand({
        RoleName: "demo",
        AssumeRolePolicyDocument: JSON.stringify({
          Version: "2012-10-17",
          Statement: {
            Effect: "Allow",
            Principal: { Service: "ec2.amazonaws.com" },
            Action: "sts:AssumeRole",
          },
        }),
      }),
    );
    const role = world.role();
    const plan = await planOf({ desired: [role], adopt: new Set([role.id]) });
    assert.deepEqual(shown(plan), [
      "update trust: trustPolicy policies tags.podtrust:format tags.podtrust:stack",
    ]);
    assert.deepEqual((await applyPlan(plan)).failed, []);
    assert.equal(isEmpty(await planOf({ desired: [role] })), true);
    const { Role } = await iam.send(new GetRoleCommand({ RoleName: "demo" }));
    assert.equal(Role?.RoleId, made.Role?.RoleId);
  });
});

describe("cut off", () => {
  test("with any change's answer lost, another run ends in the same place", async (t) => {
    await begin();
    t.after(() => world.close());
    const provider = world.provider();
    const inline = { deny: deny("ssm:GetParameter") };
    const desired = [provider, world.role({ inline, dependsOn: [provider.id] })];
    const send = iam.send.bind(iam) as (command: object, options?: object) => Promise<unknown>;
    let cuts = 0;
    for (let lost = 1; lost < 20; lost += 1) {
      const ending = new AbortController();
      let changes = 0;
      const losing = async (command: object, options?: object): Promise<unknown> => {
        const answer = await send(command, options);
        if (!/^(?:Get|List)/u.test(command.constructor.name)) changes += 1;
        if (changes < lost) return answer;
        ending.abort();
        throw new Error("the answer was lost");
      };
      Object.assign(iam, { send: losing });
      const outcome = await applyPlan(await planOf({ desired }), { signal: ending.signal });
      Object.assign(iam, { send });
      if (outcome.failed.length + outcome.skipped.length === 0) break;
      cuts += 1;
      assert.deepEqual(
        outcome.failed.map(({ error }) => error.code),
        ["interrupted"],
      );
      await settle(desired);
      assert.equal(isEmpty(await planOf({ desired })), true);
      await applyPlan(await planOf({ desired, goal: "absent" }));
    }
    // CreateOpenIDConnectProvider, CreateRole, PutRolePolicy, AttachRolePolicy.
    assert.equal(cuts, 4);
  });

  test("two runs at once do not corrupt each other", async (t) => {
    await begin();
    t.after(() => world.close());
    const desired = [world.provider(), world.role({ inline: { deny: deny("ssm:GetParameter") } })];
    const plans = await Promise.all([planOf({ desired }), planOf({ desired })]);
    await Promise.all(plans.map((plan) => applyPlan(plan)));
    await applyPlan(await planOf({ desired }));
    assert.equal(isEmpty(await planOf({ desired })), true);
  });
});
