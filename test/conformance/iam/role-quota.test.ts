import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ListRolesCommand } from "@aws-sdk/client-iam";
import { account, createRole, iamSandbox, refused, trustPolicy } from "../../support/iam.ts";

function kept(name: string): [string, object] {
  const role = {
    name,
    path: "/",
    id: "AROAEXAMPLE",
    arn: `arn:aws:iam::${account}:role/${name}`,
    createDate: 0,
    maxSessionDuration: 3600,
    trustPolicy,
    trustChanged: 0,
    inline: {},
    attached: [],
    tags: [],
  };
  return [name, role];
}

describe("IAM role-quota", () => {
  test("an account holds a thousand roles", async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "podtrust-roles-"));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const records = Array.from({ length: 999 }, (_, index) => kept(`role-${index}`));
    await writeFile(join(folder, "roles.json"), JSON.stringify({ format: 2, account, records }));
    const { iam } = await iamSandbox(t, { stateDir: folder });
    await createRole(iam, "the-thousandth");
    await refused(
      createRole(iam, "one-more"),
      "LimitExceeded",
      "Cannot exceed quota for RolesPerAccount: 1000",
      409,
    );
    const { Roles: all } = await iam.send(new ListRolesCommand({ MaxItems: 1000 }));
    assert.equal(all?.length, 1000);
  });
});
