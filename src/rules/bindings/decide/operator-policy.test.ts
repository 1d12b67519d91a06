import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { defined } from "../../../core/base/index.ts";
import type { AllowStatement } from "../../trust/index.ts";
import type { Grant, Trust } from "../objects/objects.ts";
import { operatorPolicy } from "./operator-policy.ts";

const account = "111122223333";
const boundary = `arn:aws:iam::${account}:policy/tenants`;
const closed = "arn:aws:iam::aws:policy/AWSDenyAll";
const made = `arn:aws:iam::${account}:role/podtrust/*`;
const place = { partition: "aws", account, markKey: "podtrust:stack" };

const grant = (more: Partial<Grant> = {}): Grant => ({
  name: "shop",
  namespaces: ["shop"],
  accounts: [account],
  inline: false,
  retain: false,
  maxSessionSeconds: 3600,
  maxRoles: 500,
  ...more,
});
const trust = (...grants: readonly Grant[]): Trust => ({
  name: "default",
  stack: "prod",
  issuer: "https://oidc.example.test",
  accounts: [{ id: account, region: "eu-central-1" }],
  audiences: ["sts.amazonaws.com"],
  path: "/podtrust/",
  grants,
  leaving: [],
  gone: [],
});
/** The statements that allow an action, each by its resources and conditions. */
const allowing = (action: string, ...grants: readonly Grant[]): readonly Partial<AllowStatement>[] =>
  operatorPolicy(trust(...grants), place)
    .Statement.filter(({ Action }) => Action.includes(action))
    .map(({ Resource, Condition }) => ({ Resource, ...defined({ Condition }) }));

const marking = { StringLike: { "aws:RequestTag/podtrust:stack": "prod/*" } };
const marked = { StringLike: { "aws:ResourceTag/podtrust:stack": "prod/*" } };

describe("the policy of the operator in an account", () => {
  test("makes roles only under the trust's path and with its mark, and under a boundary where every grant has one", () => {
    const bounded = { ...marking, ArnEquals: { "iam:PermissionsBoundary": [boundary] } };
    assert.deepEqual(allowing("iam:CreateRole", grant({ boundary })), [
      { Resource: made, Condition: bounded },
    ]);
    assert.deepEqual(allowing("iam:CreateRole", grant({ boundary }), grant()), [
      { Resource: made, Condition: marking },
    ]);
  });

  test("marks only what carries no mark yet, roles among it that a grant lets be taken over", () => {
    const adoptRoles = [`arn:aws:iam::${account}:role/legacy`];
    const [statement] = allowing("iam:TagRole", grant({ adoptRoles }), grant({ adoptRoles }));
    assert.deepEqual(statement, {
      Resource: [made, ...adoptRoles],
      Condition: { ...marking, Null: { "aws:ResourceTag/podtrust:stack": "true" } },
    });
  });

  test("changes and deletes only what carries the mark, and lifts a boundary only where a grant has none", () => {
    assert.deepEqual(allowing("iam:DeleteRole", grant()), [{ Resource: [made], Condition: marked }]);
    assert.equal(allowing("iam:DeleteRolePermissionsBoundary", grant()).length, 1);
    assert.equal(allowing("iam:DeleteRolePermissionsBoundary", grant({ boundary })).length, 0);
  });

  test("attaches only policies that a grant of this account names, each once", () => {
    const policies = ["arn:aws:iam::aws:policy/B", "arn:aws:iam::aws:policy/A"];
    const elsewhere = grant({ accounts: ["444455556666"], policies: ["arn:aws:iam::aws:policy/C"] });
    const attached = { ...marked, ArnLike: { "iam:PolicyARN": policies.toSorted() } };
    assert.deepEqual(allowing("iam:AttachRolePolicy", grant({ policies }), grant({ policies }), elsewhere), [
      { Resource: [made], Condition: attached },
    ]);
    assert.deepEqual(allowing("iam:GetPolicy", grant({ policies, boundary })), [
      { Resource: [boundary, ...policies.toSorted()] },
    ]);
  });

  test("writes policies of a role's own only under the boundary of a grant that has them, or the one that denies all", () => {
    const under = (...arns: readonly string[]) => ({
      Resource: [made],
      Condition: { ...marked, ArnEquals: { "iam:PermissionsBoundary": arns } },
    });
    const grants = [grant({ boundary, inline: true }), grant({ boundary: `${boundary}-2` })] as const;
    assert.deepEqual(allowing("iam:PutRolePolicy", ...grants), [under(boundary, closed)]);
    assert.deepEqual(allowing("iam:PutRolePermissionsBoundary", ...grants), [
      under(boundary, `${boundary}-2`, closed),
    ]);
  });

  test("without a grant of the account makes, marks and attaches nothing, and can still take away", () => {
    for (const action of ["iam:CreateRole", "iam:AttachRolePolicy", "iam:GetPolicy"])
      assert.deepEqual(allowing(action), [], action);
    assert.equal(allowing("iam:DeleteRole").length, 1);
    assert.deepEqual(allowing("iam:TagRole"), [{ Resource: [made], Condition: marked }]);
  });

  test("assumes the roles through which the trust reaches accounts, and no others", () => {
    const assumeRole = "arn:aws:iam::444455556666:role/reach";
    const accounts = [...trust().accounts, { id: "444455556666", region: "eu-west-1", assumeRole }];
    const { Statement } = operatorPolicy({ ...trust(), accounts }, place);
    const assuming = Statement.filter(({ Action }) => Action.includes("sts:AssumeRole"));
    assert.deepEqual(
      assuming.map(({ Sid, Resource }) => [Sid, Resource]),
      [["Reach444455556666", assumeRole]],
    );
  });

  test("is of the account's own partition", () => {
    const text = JSON.stringify(operatorPolicy(trust(), { ...place, partition: "aws-cn" }));
    assert.match(text, /arn:aws-cn:iam::aws:policy\/AWSDenyAll/u);
    assert.doesNotMatch(text, /arn:aws:/u);
  });
});
