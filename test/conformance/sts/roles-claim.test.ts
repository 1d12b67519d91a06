import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { grantOf, refuses, roleArn, trust } from "../fixture.ts";

const claim = "https://aws.amazon.com/roles";
const other = roleArn.replace("demo", "other");
const refusal = (text: string): Parameters<typeof refuses>[1] => ({
  rule: "roles-claim",
  code: "InvalidIdentityToken",
  text,
});
const notPresent = refusal("The target role ARN is not present in the roles claim of the identity token");
const noneValid = refusal("The roles claim contains no valid role ARNs");
const unsupported = refusal("The roles claim is not in a supported format");

describe("STS rule roles-claim", () => {
  for (const [value, expected] of [
    [other, notPresent],
    [[other, `${roleArn}2`], notPresent],
    [roleArn.replace("demo", "Demo"), notPresent],
    [[], noneValid],
    ["", noneValid],
    [";;", noneValid],
    [[[roleArn]], noneValid],
    [[null, 1], noneValid],
    [roleArn.replace("demo", "*"), noneValid],
    [roleArn.toUpperCase(), noneValid],
    [`${roleArn},${other}`, noneValid],
    ["demo", noneValid],
    [1, unsupported],
    [false, unsupported],
    [{ role: roleArn }, unsupported],
  ] as const) {
    test(`refuses a roles claim ${JSON.stringify(value)}`, () =>
      refuses({ claims: { [claim]: value } }, expected));
  }

  test("refuses a role that the roles claim lacks before the trust policy is asked", () =>
    refuses({ claims: { [claim]: other, sub: "nobody" } }, notPresent));

  for (const value of [roleArn, [roleArn], ` ${roleArn} ;; ${other}`, [1, ` ${roleArn} `, "junk"]]) {
    test(`accepts a roles claim ${JSON.stringify(value)}, which the trust policy can ask for`, async () => {
      const byIdp = trust({ Bool: { "sts:RoleAuthorizedByIdp": "true" } });
      assert.equal((await grantOf({ claims: { [claim]: value }, trust: byIdp })).roleAuthorizedByIdp, true);
    });
  }

  test("takes a roles claim of null for none", async () => {
    const notByIdp = trust({ Bool: { "sts:RoleAuthorizedByIdp": "false" } });
    assert.equal((await grantOf({ claims: { [claim]: null }, trust: notByIdp })).roleAuthorizedByIdp, false);
  });
});
