import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  AttachRolePolicyCommand,
  CreateOpenIDConnectProviderCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  IAMClient,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
} from "@aws-sdk/client-iam";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { policySize } from "../../src/rules/trust/index.ts";
import { account } from "../support/sandbox.ts";
import {
  configText,
  sandboxEnvironment,
  stackWorld,
  type StackWorld,
  useEnvironment,
} from "../support/stack-world.ts";
import { awsTags } from "../../src/rules/plan/index.ts";
import { otherIdentity } from "../support/stack-owner.ts";

const administrator = "arn:aws:iam::aws:policy/AdministratorAccess";
const boundary = `arn:aws:iam::${account}:policy/bound`;
const rootTrust = JSON.stringify({
  Version: "2012-10-17",
  Statement: {
    Effect: "Allow",
    Principal: { AWS: `arn:aws:iam::${account}:root` },
    Action: "sts:AssumeRole",
  },
});

const everything = (issuer: string): string =>
  configText(
    issuer,
    `boundary: ${boundary}\npath: /workloads/\n` +
      `inline: {deny: {Version: "2012-10-17", Statement: {Effect: Deny, Action: "s3:*", Resource: "*"}}}`,
  );

/** Makes this process a session of a role that has exactly the policy that podtrust prints for the config. */
async function asLeast(made: StackWorld): Promise<IAMClient> {
  const { code, out } = await made.podtrust(["manifests", "aws-policy"]);
  assert.equal(code, 0);
  const RoleName = "deployer";
  await made.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: rootTrust }));
  await made.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "podtrust", PolicyDocument: out }));
  const sts = new STSClient({ region: "eu-central-1" });
  const RoleArn = `arn:aws:iam::${account}:role/${RoleName}`;
  const { Credentials: keys } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "ci" }));
  sts.destroy();
  const credentials = {
    accessKeyId: keys?.AccessKeyId ?? "",
    secretAccessKey: keys?.SecretAccessKey ?? "",
    sessionToken: keys?.SessionToken ?? "",
  };
  useEnvironment(sandboxEnvironment(made.sandbox.url, credentials));
  return new IAMClient({ region: "eu-central-1", credentials, maxAttempts: 1 });
}

async function world(t: Parameters<typeof stackWorld>[0]): Promise<StackWorld> {
  const made = await stackWorld(t);
  const PolicyDocument = JSON.stringify({
    Version: "2012-10-17",
    Statement: { Effect: "Allow", Action: "ssm:*", Resource: "*" },
  });
  await made.iam.send(new CreatePolicyCommand({ PolicyName: "bound", PolicyDocument }));
  return made;
}

describe("manifests aws-policy", () => {
  test("plan, up, repair, import and down work under exactly the policy that is printed", async (t) => {
    const made = await world(t);
    await made.config(everything(made.issuer.issuer));
    const least = await asLeast(made);
    t.after(() => least.destroy());
    const must = async (...args: string[]): Promise<void> => {
      const { code, out, err } = await made.podtrust(args);
      assert.equal(code, 0, `${args.join(" ")}\n${out}${err}`);
    };
    await must("plan");
    await must("up", "--yes");
    // Every kind of drift that there is, by the account's administrator.
    const RoleName = "demo";
    await made.iam.send(new UpdateRoleCommand({ RoleName, Description: "x", MaxSessionDuration: 7200 }));
    await made.iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: rootTrust }));
    await made.iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: administrator }));
    await made.iam.send(new TagRoleCommand({ RoleName, Tags: [{ Key: "more", Value: "1" }] }));
    await made.iam.send(new UntagRoleCommand({ RoleName, TagKeys: ["team"] }));
    await made.iam.send(
      new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: administrator }),
    );
    const PolicyDocument = JSON.stringify({
      Version: "2012-10-17",
      Statement: { Effect: "Allow", Action: "*", Resource: "*" },
    });
    await made.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "deny", PolicyDocument }));
    await made.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "more", PolicyDocument }));
    assert.equal((await made.podtrust(["plan", "--check"])).code, 3);
    await must("up", "--yes");
    await must("plan", "--check");
    // The mark is gone: somebody else's now, to be taken over.
    await made.iam.send(new UntagRoleCommand({ RoleName, TagKeys: ["podtrust:stack", "podtrust:format"] }));
    assert.equal((await made.podtrust(["up", "--yes"])).code, 1);
    await must("import", "demo", "--yes");
    await must("plan", "--check");
    await must("down", "--yes");
    const { result } = await made.json(["plan", "--down"]);
    assert.deepEqual(
      result.changes.filter(({ kind }) => kind !== "none"),
      [],
    );
  });

  test("a surplus role of the stack goes under the policy for the config without it", async (t) => {
    const made = await world(t);
    await made.config(everything(made.issuer.issuer));
    await made.podtrust(["up", "--yes"]);
    await made.config(configText(made.issuer.issuer).replace("name: demo", "name: other"));
    const least = await asLeast(made);
    t.after(() => least.destroy());
    const { code, out, err } = await made.podtrust(["up", "--yes"]);
    assert.equal(code, 0, out + err);
    assert.match(out, /^- aws\/\d+\/role\/demo {2}delete/mu);
  });

  test("a role that goes with several policies of others on it has no right for a moment that one of them denied", async (t) => {
    const made = await world(t);
    await made.config(configText(made.issuer.issuer));
    await made.podtrust(["up", "--yes"]);
    const both = (allowed: string, denied: string): string =>
      JSON.stringify({
        Version: "2012-10-17",
        Statement: [
          { Effect: "Allow", Action: allowed, Resource: "*" },
          { Effect: "Deny", Action: denied, Resource: "*" },
        ],
      });
    for (const [PolicyName, PolicyDocument] of [
      ["a", both("s3:*", "sqs:*")],
      ["b", both("sqs:*", "s3:*")],
    ])
      await made.iam.send(new PutRolePolicyCommand({ RoleName: "demo", PolicyName, PolicyDocument }));
    const least = await asLeast(made);
    t.after(() => least.destroy());
    const { code, out, err } = await made.podtrust(["down", "--yes"]);
    assert.equal(code, 0, out + err);
    const done = made.sandbox
      .decisions()
      .filter(({ who, decision }) => who.includes("deployer") && decision === "allow")
      .map(({ action }) => action);
    const [shut, first] = ["iam:PutRolePermissionsBoundary", "iam:DeleteRolePolicy"].map((one) =>
      done.indexOf(one),
    );
    assert.ok(shut !== undefined && first !== undefined && shut !== -1 && shut < first, done.join("\n"));
  });

  test("the policy opens nothing else: no other names, no other policies, nothing without the mark", async (t) => {
    const made = await world(t);
    await made.config(everything(made.issuer.issuer));
    await made.podtrust(["up", "--yes"]);
    const theirs = { RoleName: "theirs", AssumeRolePolicyDocument: rootTrust };
    await made.iam.send(new CreateRoleCommand(theirs));
    const others = Object.entries(awsTags.of({ stack: "prod", identity: otherIdentity }));
    const Tags = others.map(([Key, Value]) => ({ Key, Value }));
    await made.iam.send(new CreateRoleCommand({ ...theirs, RoleName: "namesake", Tags }));
    const least = await asLeast(made);
    t.after(() => least.destroy());
    const mark = { Key: "podtrust:stack", Value: "prod" };
    const RoleName = "demo";
    const denied: [string, Promise<unknown>][] = [
      [
        "a role of another name",
        least.send(new CreateRoleCommand({ ...theirs, RoleName: "x", Tags: [mark] })),
      ],
      [
        "a role without the mark",
        least.send(new CreateRoleCommand({ ...theirs, RoleName: "demo2", Path: "/workloads/" })),
      ],
      ["another policy", least.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: administrator }))],
      [
        "another boundary",
        least.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: administrator })),
      ],
      ["marking another's role", least.send(new TagRoleCommand({ RoleName: "theirs", Tags: [mark] }))],
      [
        "deleting a role of our name's with another identity",
        least.send(new DeleteRoleCommand({ RoleName: "namesake" })),
      ],
      ["deleting another's role", least.send(new DeleteRoleCommand({ RoleName: "theirs" }))],
      [
        "trust of another's role",
        least.send(new UpdateAssumeRolePolicyCommand({ RoleName: "theirs", PolicyDocument: rootTrust })),
      ],
      [
        "a provider of another issuer",
        least.send(
          new CreateOpenIDConnectProviderCommand({ Url: "https://other.example.test", Tags: [mark] }),
        ),
      ],
    ];
    for (const [what, call] of denied) {
      await assert.rejects(call, { name: /AccessDenied/u }, what);
    }
  });

  test("fits into a managed policy, and says what it lacks when there are several accounts", async (t) => {
    const made = await stackWorld(t);
    const text = everything(made.issuer.issuer);
    await made.config(text);
    const { out } = await made.podtrust(["manifests", "aws-policy"]);
    assert.ok(policySize(out) < 6144, String(policySize(out)));
    await made.config(`${text}  - account: "444455556666"\n    region: cn-north-1\n`);
    const several = await made.podtrust(["manifests", "aws-policy"]);
    assert.equal(several.code, 2);
    assert.match(several.err, /next: {2}Give --account 111122223333 or 444455556666\./u);
    const china = await made.podtrust(["manifests", "aws-policy", "--account", "444455556666"]);
    assert.match(china.out, /"arn:aws-cn:iam::444455556666:role\/\*"/u);
    assert.doesNotMatch(china.out, /CreateRole/u, "no roles, no right to make them");
  });
});
