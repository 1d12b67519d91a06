import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { GetRoleCommand } from "@aws-sdk/client-iam";
import { createRole, iamSandbox, refused } from "../../support/iam.ts";

describe("IAM role-name", () => {
  test("a role's name is unique without regard to case", async (t) => {
    const { iam } = await iamSandbox(t);
    await createRole(iam, "Demo");
    await refused(createRole(iam, "demo"), "EntityAlreadyExists", "Role with name demo already exists.", 409);
    await refused(
      createRole(iam, "DEMO", { Path: "/other/" }),
      "EntityAlreadyExists",
      "Role with name DEMO already exists.",
      409,
    );
    assert.equal((await iam.send(new GetRoleCommand({ RoleName: "dEMO" }))).Role?.RoleName, "Demo");
  });

  test("names, paths, descriptions and durations keep to their constraints", async (t) => {
    const { iam } = await iamSandbox(t);
    await createRole(iam, "a+=,.@-_1");
    await refused(
      createRole(iam, "a b"),
      "ValidationError",
      "1 validation error detected: Value 'a b' at 'roleName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+",
    );
    await refused(
      createRole(iam, "a".repeat(65)),
      "ValidationError",
      /'roleName'.*less than or equal to 64/u,
    );
    for (const path of ["a/", "/a", "/a b/"]) {
      await refused(
        createRole(iam, "demo", { Path: path }),
        "ValidationError",
        /at 'path'.*regular expression/u,
      );
    }
    await refused(
      createRole(iam, "demo", { Description: "a".repeat(1001) }),
      "ValidationError",
      /'description'.*less than or equal to 1000/u,
    );
    await refused(
      createRole(iam, "demo", { MaxSessionDuration: 3599 }),
      "ValidationError",
      "1 validation error detected: Value '3599' at 'maxSessionDuration' failed to satisfy constraint: Member must have value greater than or equal to 3600",
    );
    await refused(
      createRole(iam, "demo", { MaxSessionDuration: 43_201 }),
      "ValidationError",
      /equal to 43200/u,
    );
  });
});
