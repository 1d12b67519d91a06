import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  CreatePolicyCommand,
  DeletePolicyCommand,
  GetPolicyCommand,
  ListEntitiesForPolicyCommand,
  ListPoliciesCommand,
  type ListPoliciesCommandInput,
  ListPolicyTagsCommand,
  TagPolicyCommand,
  UntagPolicyCommand,
} from "@aws-sdk/client-iam";
import {
  account,
  allowAll,
  attach,
  createPolicy,
  createRole,
  iamSandbox,
  policyOf,
  refused,
  ssmReadOnly,
} from "../../support/iam.ts";

describe("IAM policy-lifecycle", () => {
  test("Create, Get and List give the members that AWS gives", async (t) => {
    const { iam } = await iamSandbox(t);
    const { Policy: created } = await iam.send(
      new CreatePolicyCommand({
        PolicyName: "Own",
        Path: "/a/",
        Description: "why",
        PolicyDocument: allowAll,
        Tags: [{ Key: "k", Value: "v" }],
      }),
    );
    const common = {
      PolicyName: "Own",
      PolicyId: created?.PolicyId,
      Arn: `arn:aws:iam::${account}:policy/a/Own`,
      Path: "/a/",
      DefaultVersionId: "v1",
      AttachmentCount: 0,
      PermissionsBoundaryUsageCount: 0,
      IsAttachable: true,
      CreateDate: created?.CreateDate,
      UpdateDate: created?.UpdateDate,
    };
    assert.match(common.PolicyId ?? "", /^ANPA[A-Z0-9]{17}$/u);
    assert.deepEqual(created, { ...common, Tags: [{ Key: "k", Value: "v" }] });
    const { Policy: got } = await iam.send(new GetPolicyCommand({ PolicyArn: common.Arn }));
    assert.deepEqual(got, { ...common, Description: "why", Tags: [{ Key: "k", Value: "v" }] });
    const { Policies: listed } = await iam.send(new ListPoliciesCommand({ Scope: "Local" }));
    assert.deepEqual(listed, [common]);
  });

  test("a policy's name is taken whatever its path and case", async (t) => {
    const { iam } = await iamSandbox(t);
    await createPolicy(iam, "Own");
    await refused(
      iam.send(new CreatePolicyCommand({ PolicyName: "own", Path: "/b/", PolicyDocument: allowAll })),
      "EntityAlreadyExists",
      "A policy called own already exists. Duplicate names are not allowed.",
      409,
    );
  });

  const resources: readonly (readonly [what: string, resource: string, text: string])[] = [
    [
      "another partition than the account's",
      "arn:aws-cn:s3:::bucket",
      'Partition "aws-cn" is not valid for resource "arn:aws-cn:s3:::bucket".',
    ],
    [
      "a region in a bucket's ARN",
      "arn:aws:s3:us-east-1::bucket",
      "Resource arn:aws:s3:us-east-1::bucket can not contain region information.",
    ],
    [
      "a region in IAM's own ARN",
      "arn:aws:iam:us-east-1::role/x",
      "IAM resource arn:aws:iam:us-east-1::role/x cannot contain region information.",
    ],
  ];
  for (const [what, resource, text] of resources) {
    test(`a policy with ${what} is refused`, async (t) => {
      const { iam } = await iamSandbox(t);
      const document = policyOf({ Effect: "Allow", Action: "s3:GetObject", Resource: resource });
      await refused(createPolicy(iam, "Own", document), "MalformedPolicyDocument", text);
    });
  }

  test("a policy has 6144 characters at most, and IAM's grammar", async (t) => {
    const { iam } = await iamSandbox(t);
    const long = (count: number): string =>
      policyOf({ Effect: "Allow", Action: "s3:GetObject", Resource: `arn:aws:s3:::${"a".repeat(count)}` });
    await createPolicy(iam, "Full", long(6144 - long(0).length));
    await refused(
      createPolicy(iam, "TooLong", long(6145 - long(0).length)),
      "LimitExceeded",
      "Cannot exceed quota for PolicySize: 6144",
      409,
    );
    await refused(createPolicy(iam, "Bad", "no json"), "MalformedPolicyDocument", /./u);
  });

  test("policies are listed by scope, use and path", async (t) => {
    const { iam } = await iamSandbox(t);
    await createRole(iam, "demo");
    await createPolicy(iam, "Loose");
    await attach(iam, "demo", await createPolicy(iam, "Held"));
    await attach(iam, "demo", ssmReadOnly);
    const names = async (input: ListPoliciesCommandInput) =>
      (await iam.send(new ListPoliciesCommand(input))).Policies?.map(({ PolicyName }) => PolicyName);
    assert.deepEqual(await names({ Scope: "Local" }), ["Held", "Loose"]);
    assert.deepEqual(await names({ OnlyAttached: true }), ["Held", "AmazonSSMReadOnlyAccess"]);
    assert.deepEqual(await names({ PolicyUsageFilter: "PermissionsBoundary" }), []);
    assert.deepEqual(await names({ Scope: "Local", PathPrefix: "/x/" }), []);
    assert.ok((await names({ Scope: "AWS" }))?.includes("AdministratorAccess"));
    await refused(
      iam.send(new ListPoliciesCommand({ Scope: "Mine" as "All" })),
      "ValidationError",
      /at 'scope'.*enum value set: \[All, AWS, Local\]/u,
    );
  });

  test("a policy lists who uses it, and is not deleted while somebody does", async (t) => {
    const { iam } = await iamSandbox(t);
    await createRole(iam, "demo");
    const arn = await createPolicy(iam, "Own");
    await attach(iam, "demo", arn);
    const users = await iam.send(new ListEntitiesForPolicyCommand({ PolicyArn: arn }));
    assert.deepEqual(
      users.PolicyRoles?.map(({ RoleName }) => RoleName),
      ["demo"],
    );
    assert.deepEqual([users.PolicyUsers, users.PolicyGroups], [[], []]);
    const none = await iam.send(new ListEntitiesForPolicyCommand({ PolicyArn: arn, EntityFilter: "User" }));
    assert.deepEqual(none.PolicyRoles, []);
    await refused(
      iam.send(new DeletePolicyCommand({ PolicyArn: arn })),
      "DeleteConflict",
      "Cannot delete a policy attached to entities.",
      409,
    );
  });

  test("tags of a policy are set and taken away", async (t) => {
    const { iam } = await iamSandbox(t);
    const PolicyArn = await createPolicy(iam, "Own");
    await iam.send(
      new TagPolicyCommand({
        PolicyArn,
        Tags: [
          { Key: "a", Value: "1" },
          { Key: "b", Value: "2" },
        ],
      }),
    );
    await iam.send(new UntagPolicyCommand({ PolicyArn, TagKeys: ["a"] }));
    assert.deepEqual((await iam.send(new ListPolicyTagsCommand({ PolicyArn }))).Tags, [
      { Key: "b", Value: "2" },
    ]);
  });

  test("a policy that does not exist is not found, and AWS's own cannot be changed", async (t) => {
    const { iam } = await iamSandbox(t);
    const arn = `arn:aws:iam::${account}:policy/absent`;
    const absent = `Policy ${arn} was not found.`;
    await refused(iam.send(new GetPolicyCommand({ PolicyArn: arn })), "NoSuchEntity", absent, 404);
    await refused(iam.send(new DeletePolicyCommand({ PolicyArn: arn })), "NoSuchEntity", absent, 404);
    await refused(
      iam.send(new ListEntitiesForPolicyCommand({ PolicyArn: arn })),
      "NoSuchEntity",
      absent,
      404,
    );
    await refused(
      iam.send(new DeletePolicyCommand({ PolicyArn: ssmReadOnly })),
      "AccessDenied",
      "Policy is outside your own account.",
      403,
    );
    await refused(
      iam.send(new GetPolicyCommand({ PolicyArn: "no-arn-but-long-enough" })),
      "ValidationError",
      "Invalid ARN:  Could not be parsed!",
    );
  });
});
