import { describe, test } from "node:test";
import {
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { allowAll, attach, createRole, iamSandbox, refused, ssmReadOnly } from "../../support/iam.ts";

const RoleName = "demo";

describe("IAM role-deletion", () => {
  test("a role is deleted once it has no policy", async (t) => {
    const { iam } = await iamSandbox(t);
    await createRole(iam, RoleName);
    await attach(iam, RoleName, ssmReadOnly);
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "p", PolicyDocument: allowAll }));
    const remove = (): Promise<unknown> => iam.send(new DeleteRoleCommand({ RoleName }));
    await refused(remove(), "DeleteConflict", "Cannot delete entity, must detach all policies first.", 409);
    await iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn: ssmReadOnly }));
    await refused(remove(), "DeleteConflict", "Cannot delete entity, must delete policies first.", 409);
    await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: "p" }));
    await remove();
    await refused(remove(), "NoSuchEntity", "The role with name demo cannot be found.", 404);
  });
});
