import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  CreatePolicyVersionCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  ListPolicyVersionsCommand,
  SetDefaultPolicyVersionCommand,
} from "@aws-sdk/client-iam";
import { allowAll, createPolicy, iamSandbox, policyOf, refused } from "../../support/iam.ts";

const denyAll = policyOf({ Effect: "Deny", Action: "*", Resource: "*" });

describe("IAM policy-versions", () => {
  test("a policy has five versions, whose numbers are never used again", async (t) => {
    const { iam } = await iamSandbox(t);
    const PolicyArn = await createPolicy(iam, "Own");
    const add = async (SetAsDefault = false) =>
      (await iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: denyAll, SetAsDefault })))
        .PolicyVersion;
    assert.deepEqual(
      [await add(), await add(true)].map((version) => [version?.VersionId, version?.IsDefaultVersion]),
      [
        ["v2", false],
        ["v3", true],
      ],
    );
    await add();
    await add();
    await refused(
      add(),
      "LimitExceeded",
      "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.",
      409,
    );
    await iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: "v5" }));
    assert.equal((await add())?.VersionId, "v6");
    const { Versions: versions } = await iam.send(new ListPolicyVersionsCommand({ PolicyArn }));
    assert.deepEqual(
      versions?.map(({ VersionId, IsDefaultVersion }) => [VersionId, IsDefaultVersion]),
      [
        ["v1", false],
        ["v2", false],
        ["v3", true],
        ["v4", false],
        ["v6", false],
      ],
    );
  });

  test("each version keeps its document, and the default one counts", async (t) => {
    const { iam } = await iamSandbox(t);
    const PolicyArn = await createPolicy(iam, "Own", allowAll);
    await iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: denyAll }));
    const read = async (VersionId: string) =>
      (await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId }))).PolicyVersion;
    assert.equal(decodeURIComponent((await read("v1"))?.Document ?? ""), allowAll);
    assert.equal(decodeURIComponent((await read("v2"))?.Document ?? ""), denyAll);
    await iam.send(new SetDefaultPolicyVersionCommand({ PolicyArn, VersionId: "v2" }));
    assert.equal((await iam.send(new GetPolicyCommand({ PolicyArn }))).Policy?.DefaultVersionId, "v2");
    assert.equal((await read("v1"))?.IsDefaultVersion, false);
  });

  test("the default version is not deleted, nor a policy with others beside it", async (t) => {
    const { iam } = await iamSandbox(t);
    const PolicyArn = await createPolicy(iam, "Own");
    await iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: denyAll }));
    await refused(
      iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: "v1" })),
      "DeleteConflict",
      "Cannot delete the default version of a policy.",
      409,
    );
    await refused(
      iam.send(new DeletePolicyCommand({ PolicyArn })),
      "DeleteConflict",
      "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
      409,
    );
    await iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: "v2" }));
    await iam.send(new DeletePolicyCommand({ PolicyArn }));
  });

  test("a version that is not there, and a text that is no version, are refused", async (t) => {
    const { iam } = await iamSandbox(t);
    const PolicyArn = await createPolicy(iam, "Own");
    const text = `Policy ${PolicyArn} version v9 does not exist or is not attachable.`;
    for (const call of [
      iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId: "v9" })),
      iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: "v9" })),
      iam.send(new SetDefaultPolicyVersionCommand({ PolicyArn, VersionId: "v9" })),
    ]) {
      await refused(call, "NoSuchEntity", text, 404);
    }
    await refused(
      iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId: "9" })),
      "ValidationError",
      "1 validation error detected: Value '9' at 'versionId' failed to satisfy constraint: Member must satisfy regular expression pattern: v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?",
    );
  });
});
