import assert from "node:assert/strict";
import { test } from "node:test";
import { accepts, refusalOf, refuses, roleArn, texts } from "../fixture.ts";

const refusal = { rule: "role-exists", code: "AccessDenied", status: 403, text: texts.notAuthorized };

test("a role that does not exist, or has not spread yet", async () => {
  assert.match((await refusalOf({ noRole: true }, refusal)).why, /does not know it yet/u);
});

test("a role of another account", () =>
  refuses({ request: { roleArn: roleArn.replace("111122223333", "999900001111") }, noRole: true }, refusal));

test("a name in other case, or another path, is another ARN", async () => {
  await refuses({ request: { roleArn: roleArn.replace("demo", "Demo") } }, refusal);
  await refuses({ request: { roleArn: roleArn.replace("role/", "role/team/") } }, refusal);
});

test("the role itself", () => accepts());
