import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  AddTagsToResourceCommand,
  DeleteParameterCommand,
  DeleteParametersCommand,
  DescribeInstanceInformationCommand,
  DescribeParametersCommand,
  GetParameterCommand,
  GetParameterHistoryCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  LabelParameterVersionCommand,
  ListTagsForResourceCommand,
  paginateGetParametersByPath,
  PutParameterCommand,
  RemoveTagsFromResourceCommand,
  type SSMClient,
  UnlabelParameterVersionCommand,
} from "@aws-sdk/client-ssm";
import { AttachRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  account,
  allow,
  awsError,
  keysOf,
  policy,
  startTestSandbox,
  type TestSandbox,
} from "../support/sandbox.ts";

let world: TestSandbox;
let admin: SSMClient;
/** The guide's job: AmazonSSMReadOnlyAccess, and an inline Deny on one parameter. */
let job: SSMClient;

const parameter = (name: string): string => `arn:aws:ssm:eu-central-1:${account}:parameter${name}`;
const who = `User: arn:aws:sts::${account}:assumed-role/job/job is not authorized to perform:`;

describe("Parameter Store in the sandbox", () => {
  before(async () => {
    world = await startTestSandbox();
    admin = world.ssm();
    for (const [name, type] of [
      ["/demo/color", "String"],
      ["/demo/list", "StringList"],
      ["/demo/secret", "SecureString"],
      ["/demo/kept/out", "String"],
    ] as const) {
      await admin.send(new PutParameterCommand({ Name: name, Value: `value of ${name}`, Type: type }));
    }
    const deny = {
      Effect: "Deny",
      Action: "ssm:GetParameter*",
      Resource: "arn:aws:ssm:*:*:parameter/demo/kept/*",
    };
    const arn = await world.role("job", { policy: policy(deny) });
    const readOnly = "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess";
    await world.iam().send(new AttachRolePolicyCommand({ RoleName: "job", PolicyArn: readOnly }));
    job = world.ssm(keysOf(await world.assume({ role: arn, token: await world.token() })));
  });

  after(() => world.close());

  test("a job reads the parameters that its role's policies allow", async () => {
    const { Parameter } = await job.send(new GetParameterCommand({ Name: "/demo/color" }));
    assert.equal(Parameter?.Value, "value of /demo/color");
    assert.equal(Parameter?.ARN, parameter("/demo/color"));
    assert.ok(Math.abs((Parameter?.LastModifiedDate?.getTime() ?? 0) - world.clock.now()) < 1000);
    const { Parameters = [] } = await job.send(new DescribeParametersCommand({}));
    assert.deepEqual(
      Parameters.map(({ Name, Type, LastModifiedUser }) => [Name, Type, LastModifiedUser]),
      [
        ["/demo/color", "String"],
        ["/demo/kept/out", "String"],
        ["/demo/list", "StringList"],
        ["/demo/secret", "SecureString"],
      ].map((pair) => [...pair, `arn:aws:iam::${account}:user/podtrust-admin`]),
    );
  });

  test("an explicit Deny of the role keeps one parameter from the job, in AWS's words", async () => {
    const text = `${who} ssm:GetParameter on resource: ${parameter("/demo/kept/out")} with an explicit deny in an identity-based policy`;
    await assert.rejects(
      job.send(new GetParameterCommand({ Name: "/demo/kept/out" })),
      awsError("AccessDeniedException", text),
    );
    // One denied name refuses the whole call.
    await assert.rejects(
      job.send(new GetParametersCommand({ Names: ["/demo/color", "/demo/kept/out"] })),
      awsError("AccessDeniedException", text.replace("ssm:GetParameter ", "ssm:GetParameters ")),
    );
    const decision = world.sandbox.decisions().findLast(({ action }) => action === "ssm:GetParameter");
    assert.equal(decision?.decision, "deny");
    assert.equal(decision.resource, parameter("/demo/kept/out"));
    assert.match(decision.why ?? "", /inline/u);
  });

  test("a right to read a path opens all parameters below it, as AWS documents", async () => {
    const { Parameters = [] } = await job.send(
      new GetParametersByPathCommand({ Path: "/demo", Recursive: true }),
    );
    assert.ok(Parameters.some(({ Name }) => Name === "/demo/kept/out"));
    await assert.rejects(
      job.send(new GetParametersByPathCommand({ Path: "/demo/kept/" })),
      awsError("AccessDeniedException", /parameter\/demo\/kept\/ with an explicit deny/u),
    );
  });

  test("a parameter that no policy allows is refused with that reason", async () => {
    const text = `${who} ssm:PutParameter on resource: ${parameter("/demo/color")} because no identity-based policy allows the ssm:PutParameter action`;
    await assert.rejects(
      job.send(new PutParameterCommand({ Name: "/demo/color", Value: "x", Overwrite: true })),
      awsError("AccessDeniedException", text),
    );
    await assert.rejects(
      job.send(new DeleteParameterCommand({ Name: "/demo/color" })),
      awsError("AccessDeniedException", /ssm:DeleteParameter/u),
    );
  });

  test("the SDK's own paginator walks a path", async () => {
    const names: (string | undefined)[] = [];
    for await (const page of paginateGetParametersByPath(
      { client: job, pageSize: 1 },
      { Path: "/", Recursive: true, WithDecryption: true },
    )) {
      assert.ok((page.Parameters ?? []).length <= 1);
      names.push(...(page.Parameters ?? []).map(({ Name }) => Name));
    }
    assert.deepEqual(names, ["/demo/color", "/demo/kept/out", "/demo/list", "/demo/secret"]);
  });

  test("a SecureString comes as cipher text unless decryption is asked for", async () => {
    const read = async (WithDecryption: boolean): Promise<string | undefined> =>
      (await job.send(new GetParameterCommand({ Name: "/demo/secret", WithDecryption }))).Parameter?.Value;
    assert.equal(await read(true), "value of /demo/secret");
    assert.match((await read(false)) ?? "", /^[\w+/]{40,}={0,2}$/u);
  });

  test("errors of Parameter Store carry AWS's codes", async () => {
    await assert.rejects(
      admin.send(new GetParameterCommand({ Name: "/demo/none" })),
      awsError("ParameterNotFound", "UnknownError"),
    );
    await assert.rejects(
      admin.send(new PutParameterCommand({ Name: "/demo/color", Value: "x", Type: "String" })),
      awsError("ParameterAlreadyExists", /overwrite option/u),
    );
    await assert.rejects(
      admin.send(new GetParametersCommand({ Names: Array.from({ length: 11 }, (_, i) => `/n${i}`) })),
      awsError(
        "ValidationException",
        /at 'names' failed to satisfy constraint: Member must have length less than or equal to 10/u,
      ),
    );
    await assert.rejects(
      admin.send(new DescribeInstanceInformationCommand({})),
      awsError("InvalidAction", /DescribeInstanceInformation/u),
    );
  });

  test("the SDK understands labels, history, tags and deletion of several", async () => {
    const Name = "/own/labelled";
    const tag = { ResourceType: "Parameter", ResourceId: Name } as const;
    await admin.send(new PutParameterCommand({ Name, Value: "one", Type: "String" }));
    await admin.send(new LabelParameterVersionCommand({ Name, Labels: ["first", "1st"] }));
    await admin.send(new PutParameterCommand({ Name, Value: "two", Overwrite: true }));
    const { Parameters = [] } = await admin.send(new GetParameterHistoryCommand({ Name }));
    assert.deepEqual(
      Parameters.map(({ Value, Version, Labels }) => [Value, Version, Labels]),
      [
        ["one", 1, ["first"]],
        ["two", 2, []],
      ],
    );
    const unlabelled = new UnlabelParameterVersionCommand({ Name, ParameterVersion: 1, Labels: ["first"] });
    assert.deepEqual((await admin.send(unlabelled)).RemovedLabels, ["first"]);
    await admin.send(new AddTagsToResourceCommand({ ...tag, Tags: [{ Key: "k", Value: "v" }] }));
    await admin.send(new RemoveTagsFromResourceCommand({ ...tag, TagKeys: ["other"] }));
    const { TagList } = await admin.send(new ListTagsForResourceCommand(tag));
    assert.deepEqual(TagList, [{ Key: "k", Value: "v" }]);
    const { DeletedParameters, InvalidParameters } = await admin.send(
      new DeleteParametersCommand({ Names: [Name, "/own/none"] }),
    );
    assert.deepEqual([DeletedParameters, InvalidParameters], [[Name], ["/own/none"]]);
    await assert.rejects(
      admin.send(new ListTagsForResourceCommand(tag)),
      awsError("InvalidResourceId", /resource ID isn't valid/u),
    );
  });

  test("a session of a deleted role may do nothing any more", async () => {
    const arn = await world.role("gone", { policy: policy(allow("ssm:*")) });
    const client = world.ssm(keysOf(await world.assume({ role: arn, token: await world.token() })));
    await client.send(new GetParameterCommand({ Name: "/demo/color" }));
    const { DeleteRoleCommand, DeleteRolePolicyCommand } = await import("@aws-sdk/client-iam");
    await world.iam().send(new DeleteRolePolicyCommand({ RoleName: "gone", PolicyName: "inline" }));
    await world.iam().send(new DeleteRoleCommand({ RoleName: "gone" }));
    await assert.rejects(
      client.send(new GetParameterCommand({ Name: "/demo/color" })),
      awsError("AccessDeniedException", /because no identity-based policy allows/u),
    );
  });
});
