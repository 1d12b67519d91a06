import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ListRoleTagsCommand, TagRoleCommand, UntagRoleCommand } from "@aws-sdk/client-iam";
import { createRole, iamSandbox, refused } from "../../support/iam.ts";

const RoleName = "demo";
const tag = (Key: string, Value = "v"): { Key: string; Value: string } => ({ Key, Value });

describe("IAM role-tags", () => {
  test("keys of a role's tags count without regard to case, and keep their last spelling", async (t) => {
    const { iam } = await iamSandbox(t);
    await createRole(iam, RoleName, { Tags: [tag("Team", "1"), tag("b")] });
    await iam.send(new TagRoleCommand({ RoleName, Tags: [tag("team", "2")] }));
    const read = async () => (await iam.send(new ListRoleTagsCommand({ RoleName }))).Tags;
    assert.deepEqual(await read(), [tag("b"), tag("team", "2")]);
    await iam.send(new UntagRoleCommand({ RoleName, TagKeys: ["TEAM", "absent"] }));
    assert.deepEqual(await read(), [tag("b")]);
  });

  test("a tag key that stands twice in one request is refused", async (t) => {
    const { iam } = await iamSandbox(t);
    const text = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
    await refused(createRole(iam, RoleName, { Tags: [tag("a"), tag("A")] }), "InvalidInput", text);
    await createRole(iam, RoleName);
    await refused(
      iam.send(new TagRoleCommand({ RoleName, Tags: [tag("a"), tag("a")] })),
      "InvalidInput",
      text,
    );
  });

  test("a role has fifty tags at most", async (t) => {
    const { iam } = await iamSandbox(t);
    await createRole(iam, RoleName, { Tags: Array.from({ length: 50 }, (_, index) => tag(`k${index}`)) });
    await iam.send(new TagRoleCommand({ RoleName, Tags: [tag("k0", "new")] }));
    await refused(
      iam.send(new TagRoleCommand({ RoleName, Tags: [tag("more")] })),
      "LimitExceeded",
      "Cannot exceed quota for TagsPerRole: 50",
      409,
    );
  });
});
