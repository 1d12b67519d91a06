import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { accepts, refusalOf, refuses, roleArn, texts } from "../fixture.ts";

const refusal = { rule: "role-exists", code: "AccessDenied", status: 403, text: texts.notAuthorized };

describe("STS rule role-exists", () => {
  test("refuses a role that does not exist, or has not propagated yet", async () => {
    assert.match((await refusalOf({ noRole: true }, refusal)).why, /does not know it yet/u);
  });

  test("refuses a role of another account", () =>
    refuses(
      { request: { roleArn: roleArn.replace("111122223333", "999900001111") }, noRole: true },
      refusal,
    ));

  test("refuses the role's name in other case, or under another path", async () => {
    await refuses({ request: { roleArn: roleArn.replace("demo", "Demo") } }, refusal);
    await refuses({ request: { roleArn: roleArn.replace("role/", "role/team/") } }, refusal);
  });

  test("accepts the ARN of the role itself", () => accepts());
});
