import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  DetachRolePolicyCommand,
  GetOpenIDConnectProviderCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  type IAMClient,
  ListPoliciesCommand,
  ListRolesCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { defined, mapped } from "../../../src/core/base/index.ts";
import {
  account,
  attach,
  createPolicy,
  createProvider,
  createRole,
  iamSandbox,
  policyOf,
  providerArn,
  refused,
  ssmReadOnly,
  trustPolicy,
} from "../../support/iam.ts";

const session = `arn:aws:sts::${account}:assumed-role/caller/session`;

function inline(iam: IAMClient, ...statements: readonly object[]): Promise<unknown> {
  return iam.send(
    new PutRolePolicyCommand({
      RoleName: "caller",
      PolicyName: "p",
      PolicyDocument: policyOf(...statements),
    }),
  );
}

const allow = (Action: string | string[], more: object = {}): object => ({
  Effect: "Allow",
  Action,
  Resource: "*",
  ...more,
});

describe("IAM access-denied", () => {
  test("refuses a session without a policy everything, and names who, what and where as AWS does", async (t) => {
    const { iam, assume, sandbox } = await iamSandbox(t);
    await createRole(iam, "caller", { Path: "/team/" });
    await createProvider(iam);
    const client = await assume("team/caller");
    const texts: readonly [Promise<unknown>, string, string][] = [
      [client.send(new GetRoleCommand({ RoleName: "x" })), "iam:GetRole", "role x"],
      [
        client.send(new CreateRoleCommand({ RoleName: "x", AssumeRolePolicyDocument: trustPolicy })),
        "iam:CreateRole",
        `arn:aws:iam::${account}:role/x`,
      ],
      [client.send(new ListRolesCommand({})), "iam:ListRoles", `arn:aws:iam::${account}:role/`],
      [
        client.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: providerArn })),
        "iam:GetOpenIDConnectProvider",
        providerArn,
      ],
      [
        client.send(new CreatePolicyCommand({ PolicyName: "x", PolicyDocument: policyOf(allow("*")) })),
        "iam:CreatePolicy",
        "policy x",
      ],
      [client.send(new ListPoliciesCommand({})), "iam:ListPolicies", "policy path /"],
      [
        client.send(new GetPolicyVersionCommand({ PolicyArn: ssmReadOnly, VersionId: "v1" })),
        "iam:GetPolicyVersion",
        `policy ${ssmReadOnly} version v1`,
      ],
    ];
    for (const [call, action, resource] of texts) {
      await refused(
        call,
        "AccessDenied",
        `User: ${session} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`,
        403,
      );
    }
    const last = sandbox.decisions().at(-1);
    assert.equal(last?.decision, "deny");
    assert.equal(last?.rule, "no-allow");
    assert.equal(last?.who, session);
    assert.equal(last?.code, "AccessDenied");
  });

  test("allows what a statement allows, and the decision names the statement", async (t) => {
    const { iam, assume, sandbox } = await iamSandbox(t);
    await createRole(iam, "caller");
    await inline(iam, allow("iam:Get*", { Resource: `arn:aws:iam::${account}:role/caller` }));
    const client = await assume("caller");
    await client.send(new GetRoleCommand({ RoleName: "caller" }));
    const last = sandbox.decisions().at(-1);
    assert.equal(last?.decision, "allow");
    assert.equal(last?.rule, "allow: inline:p, statement 1");
    assert.equal(last?.resource, `arn:aws:iam::${account}:role/caller`);
    await refused(
      client.send(new GetRoleCommand({ RoleName: "other" })),
      "AccessDenied",
      /role other because/u,
      403,
    );
  });

  test("refuses by a Deny whatever else is allowed; the text of 2026 gives a managed policy's ARN, the older does not", async (t) => {
    const deny = { Sid: "NoDelete", Effect: "Deny", Action: "iam:DeleteRole", Resource: "*" };
    for (const profile of ["2026", "legacy"] as const) {
      const { iam, assume, sandbox } = await iamSandbox(t, { messageProfile: profile });
      await createRole(iam, "caller");
      const managed = await createPolicy(iam, "Deny", policyOf(deny));
      await inline(iam, allow("*"));
      await attach(iam, "caller", managed);
      const client = await assume("caller");
      const start = `User: ${session} is not authorized to perform: iam:DeleteRole on resource: role caller with an explicit deny in an identity-based policy`;
      await refused(
        client.send(new DeleteRoleCommand({ RoleName: "caller" })),
        "AccessDenied",
        profile === "2026" ? `${start}: ${managed}` : start,
        403,
      );
      assert.equal(sandbox.decisions().at(-1)?.rule, "deny: Deny, statement NoDelete");
    }
  });

  test("refuses what a boundary or a session policy does not allow, and names which", async (t) => {
    const { iam, assume } = await iamSandbox(t);
    await createRole(iam, "caller");
    await inline(iam, allow("*"));
    const bound = await createPolicy(iam, "Bound", policyOf(allow(["iam:GetRole", "iam:ListRoles"])));
    const get = (client: IAMClient): Promise<unknown> =>
      client.send(new GetRoleCommand({ RoleName: "caller" }));
    const list = (client: IAMClient): Promise<unknown> => client.send(new ListRolesCommand({}));
    const limited = await assume("caller", { policy: policyOf(allow("iam:GetRole")), name: "session" });
    await get(limited);
    await refused(
      list(limited),
      "AccessDenied",
      /because no session policy allows the iam:ListRoles action$/u,
      403,
    );
    await iam.send(new PutRolePermissionsBoundaryCommand({ RoleName: "caller", PermissionsBoundary: bound }));
    const client = await assume("caller");
    await list(client);
    await refused(
      client.send(new DeleteRoleCommand({ RoleName: "x" })),
      "AccessDenied",
      /because no permissions boundary allows the iam:DeleteRole action$/u,
      403,
    );
    await iam.send(
      new PutRolePermissionsBoundaryCommand({
        RoleName: "caller",
        PermissionsBoundary: await createPolicy(
          iam,
          "Hard",
          policyOf(allow("*"), { Effect: "Deny", Action: "iam:List*", Resource: "*" }),
        ),
      }),
    );
    await refused(list(client), "AccessDenied", /with an explicit deny in a permissions boundary/u, 403);
  });

  test("counts a change of policies for sessions that are there already", async (t) => {
    const { iam, assume } = await iamSandbox(t);
    await createRole(iam, "caller");
    const client = await assume("caller");
    const get = (): Promise<unknown> => client.send(new GetRoleCommand({ RoleName: "caller" }));
    await refused(get(), "AccessDenied", /./u, 403);
    await inline(iam, allow("iam:GetRole"));
    await get();
  });

  test("asks conditions on the request's tags, policy, boundary and resource tags", async (t) => {
    const { iam, assume } = await iamSandbox(t);
    await createRole(iam, "caller");
    await createRole(iam, "mine", { Tags: [{ Key: "podtrust:stack", Value: "prod" }] });
    await createRole(iam, "theirs", { Tags: [{ Key: "podtrust:stack", Value: "other" }] });
    const equals = (key: string, value: string): object => ({
      Condition: { StringEquals: { [key]: value } },
    });
    await inline(
      iam,
      allow(["iam:CreateRole", "iam:TagRole"], equals("aws:RequestTag/stack", "prod")),
      allow("iam:AttachRolePolicy", equals("iam:PolicyARN", ssmReadOnly)),
      allow("iam:GetRole", equals("aws:ResourceTag/podtrust:stack", "prod")),
      allow("iam:PutRolePermissionsBoundary", equals("iam:PermissionsBoundary", ssmReadOnly)),
    );
    const client = await assume("caller");
    const create = (RoleName: string, value?: string): Promise<unknown> =>
      client.send(
        new CreateRoleCommand({
          RoleName,
          AssumeRolePolicyDocument: trustPolicy,
          ...defined({ Tags: mapped(value, (tag) => [{ Key: "stack", Value: tag }]) }),
        }),
      );
    await create("a", "prod");
    await refused(create("b", "test"), "AccessDenied", /iam:CreateRole on resource/u, 403);
    await refused(create("b"), "AccessDenied", /iam:CreateRole on resource/u, 403);
    const attachTo = (PolicyArn: string): Promise<unknown> =>
      client.send(new AttachRolePolicyCommand({ RoleName: "mine", PolicyArn }));
    await attachTo(ssmReadOnly);
    await refused(attachTo("arn:aws:iam::aws:policy/AdministratorAccess"), "AccessDenied", /role mine/u, 403);
    await client.send(new GetRoleCommand({ RoleName: "mine" }));
    await refused(
      client.send(new GetRoleCommand({ RoleName: "theirs" })),
      "AccessDenied",
      /role theirs/u,
      403,
    );
    const bound = (PermissionsBoundary: string): Promise<unknown> =>
      client.send(new PutRolePermissionsBoundaryCommand({ RoleName: "mine", PermissionsBoundary }));
    await bound(ssmReadOnly);
    await refused(bound("arn:aws:iam::aws:policy/AdministratorAccess"), "AccessDenied", /./u, 403);
  });

  test("asks for the right to tag beside the right to create when tags come with a creation", async (t) => {
    const { iam, assume } = await iamSandbox(t);
    await createRole(iam, "caller");
    await inline(iam, allow(["iam:CreateRole", "iam:CreateOpenIDConnectProvider"]));
    const client = await assume("caller");
    const tags = { Tags: [{ Key: "a", Value: "b" }] };
    await createRole(client, "plain");
    await createProvider(client, { Url: "https://plain.example.test" });
    await refused(createRole(client, "tagged", tags), "AccessDenied", /iam:TagRole on resource: arn/u, 403);
    await refused(createProvider(client, tags), "AccessDenied", /iam:TagOpenIDConnectProvider/u, 403);
  });

  test("gives a session of a role that was deleted and made again no rights", async (t) => {
    const { iam, assume } = await iamSandbox(t);
    await createRole(iam, "caller");
    await attach(iam, "caller", "arn:aws:iam::aws:policy/IAMReadOnlyAccess");
    const client = await assume("caller");
    await client.send(new GetRoleCommand({ RoleName: "caller" }));
    await iam.send(
      new DetachRolePolicyCommand({
        RoleName: "caller",
        PolicyArn: "arn:aws:iam::aws:policy/IAMReadOnlyAccess",
      }),
    );
    await iam.send(new DeleteRoleCommand({ RoleName: "caller" }));
    await createRole(iam, "caller");
    await attach(iam, "caller", "arn:aws:iam::aws:policy/IAMReadOnlyAccess");
    await refused(client.send(new GetRoleCommand({ RoleName: "caller" })), "AccessDenied", /./u, 403);
  });
});
