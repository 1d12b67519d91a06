import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  GetRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
  UpdateRoleDescriptionCommand,
} from "@aws-sdk/client-iam";
import { createRole, iamSandbox, trustPolicy } from "../../support/iam.ts";

describe("IAM role-update", () => {
  test("an update changes what it names, and nothing else", async (t) => {
    const { iam } = await iamSandbox(t);
    await createRole(iam, "demo", { Description: "before", MaxSessionDuration: 7200 });
    const read = async () => (await iam.send(new GetRoleCommand({ RoleName: "demo" }))).Role;
    await iam.send(new UpdateRoleCommand({ RoleName: "demo", Description: "after" }));
    assert.deepEqual([(await read())?.Description, (await read())?.MaxSessionDuration], ["after", 7200]);
    await iam.send(new UpdateRoleCommand({ RoleName: "demo", MaxSessionDuration: 3600 }));
    assert.deepEqual([(await read())?.Description, (await read())?.MaxSessionDuration], ["after", 3600]);
    const { Role: role } = await iam.send(
      new UpdateRoleDescriptionCommand({ RoleName: "demo", Description: "last" }),
    );
    assert.equal(role?.Description, "last");
    const spaced = JSON.stringify(JSON.parse(trustPolicy), null, 2);
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: "demo", PolicyDocument: spaced }));
    assert.equal(decodeURIComponent((await read())?.AssumeRolePolicyDocument ?? ""), spaced);
  });
});
