import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  CreatePolicyCommand,
  DeleteRoleCommand,
  ListRolesCommand,
  paginateListPolicies,
  paginateListRoles,
} from "@aws-sdk/client-iam";
import { createRole, iamSandbox, policyOf, refused } from "../../support/iam.ts";

const name = (index: number): string => `role-${String(index).padStart(3, "0")}`;

describe("IAM lists-come-in-pages", () => {
  test("a page holds a hundred items, or as many as asked for, each once", async (t) => {
    const { iam } = await iamSandbox(t);
    for (let index = 0; index < 105; index += 1) await createRole(iam, name(index));
    const first = await iam.send(new ListRolesCommand({}));
    assert.equal(first.Roles?.length, 100);
    assert.equal(first.IsTruncated, true);
    const second = await iam.send(new ListRolesCommand({ Marker: first.Marker }));
    assert.equal(second.Roles?.length, 5);
    assert.equal(second.IsTruncated, false);
    assert.equal(second.Marker, undefined);
    const seen: string[] = [];
    for await (const page of paginateListRoles({ client: iam, pageSize: 7 }, {})) {
      seen.push(...(page.Roles ?? []).map(({ RoleName }) => RoleName ?? ""));
    }
    assert.deepEqual(
      seen,
      Array.from({ length: 105 }, (_, index) => name(index)),
    );
  });

  test("an item that is deleted between two pages shifts no other", async (t) => {
    const { iam } = await iamSandbox(t);
    for (let index = 0; index < 4; index += 1) await createRole(iam, name(index));
    const first = await iam.send(new ListRolesCommand({ MaxItems: 2 }));
    await iam.send(new DeleteRoleCommand({ RoleName: name(1) }));
    const second = await iam.send(new ListRolesCommand({ MaxItems: 2, Marker: first.Marker }));
    assert.deepEqual(
      second.Roles?.map(({ RoleName }) => RoleName),
      [name(2), name(3)],
    );
  });

  test("names with the longest of paths come in pages too", async (t) => {
    const { iam } = await iamSandbox(t);
    const document = policyOf({ Effect: "Allow", Action: "*", Resource: "*" });
    const names = ["a", "b", "c"];
    for (const PolicyName of names) {
      const input = { PolicyName, Path: `/${"x".repeat(510)}/`, PolicyDocument: document };
      await iam.send(new CreatePolicyCommand(input));
    }
    const seen: unknown[] = [];
    for await (const page of paginateListPolicies({ client: iam, pageSize: 1 }, { Scope: "Local" })) {
      seen.push(...(page.Policies ?? []).map(({ PolicyName }) => PolicyName));
    }
    assert.deepEqual(seen, names);
  });

  test("a marker that was never given and a page size out of bounds are refused", async (t) => {
    const { iam } = await iamSandbox(t);
    await refused(iam.send(new ListRolesCommand({ Marker: "abc" })), "ValidationError", "Invalid Marker.");
    await refused(
      iam.send(new ListRolesCommand({ MaxItems: 0 })),
      "ValidationError",
      /'maxItems'.*equal to 1$/u,
    );
    await refused(iam.send(new ListRolesCommand({ MaxItems: 1001 })), "ValidationError", /equal to 1000$/u);
  });
});
