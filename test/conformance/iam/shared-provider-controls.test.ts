import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { GetRoleCommand, UpdateAssumeRolePolicyCommand } from "@aws-sdk/client-iam";
import { defined } from "../../../src/core/base/index.ts";
import { account, createRole, iamSandbox, policyOf, refused, trustPolicy } from "../../support/iam.ts";

const url = "token.actions.githubusercontent.com";
const sub = `${url}:sub`;
const mine = "repo:octo-org/octo-repo:ref:refs/heads/main";

interface Changed {
  readonly Effect?: "Deny";
  readonly url?: string;
}

/** A trust policy for GitHub with this Condition block. */
function trusts(condition: object | undefined, { url: of = url, ...changed }: Changed = {}): string {
  return policyOf({
    Effect: "Allow",
    Principal: { Federated: `arn:aws:iam::${account}:oidc-provider/${of}` },
    Action: "sts:AssumeRoleWithWebIdentity",
    ...defined({ Condition: condition }),
    ...changed,
  });
}

const aud = { [`${url}:aud`]: "sts.amazonaws.com" };
const text = `Trust policy with trusted principal arn:aws:iam::${account}:oidc-provider/${url} must evaluate, using StringEquals, StringLike or StringEqualsIgnoreCase, ${sub} which is not scoped to all.`;

const open: readonly [string, object | undefined][] = [
  ["no Condition at all", undefined],
  ["a Condition on the audience alone", { StringEquals: aud }],
  ["a subject of * alone", { StringEquals: aud, StringLike: { [sub]: "*" } }],
  ["a subject of wildcards alone", { StringEquals: aud, StringLike: { [sub]: "*?*" } }],
  ["a subject of * among others", { StringEquals: aud, StringLike: { [sub]: [mine, "*"] } }],
  ["an empty list of subjects", { StringEquals: { ...aud, [sub]: [] } }],
  ["a subject that is only not to be", { StringEquals: aud, StringNotEquals: { [sub]: "repo:a/b:ref:c" } }],
  ["a subject that is only to be there", { StringEquals: aud, Null: { [sub]: "false" } }],
  [
    "another claim than the subject",
    { StringEquals: { ...aud, [`${url}:repository`]: "octo-org/octo-repo" } },
  ],
  ["the subject of another issuer", { StringEquals: { ...aud, "oidc.example.test:sub": mine } }],
];

const narrow: readonly [string, object][] = [
  ["one subject", { StringEquals: { ...aud, [sub]: mine } }],
  ["a pattern of subjects", { StringEquals: aud, StringLike: { [sub]: "repo:octo-org/*" } }],
  ["a subject without regard to case", { StringEqualsIgnoreCase: { ...aud, [sub]: mine } }],
  ["the key in another case", { StringEquals: { ...aud, [sub.toUpperCase()]: mine } }],
];

describe("IAM shared-provider-controls", () => {
  for (const [what, condition] of open) {
    test(`a trust policy for GitHub with ${what} is refused, on creation and on update`, async (t) => {
      const { iam } = await iamSandbox(t);
      const document = trusts(condition);
      await refused(
        createRole(iam, "deploy", { AssumeRolePolicyDocument: document }),
        "MalformedPolicyDocument",
        text,
      );
      await createRole(iam, "deploy");
      await refused(
        iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: "deploy", PolicyDocument: document })),
        "MalformedPolicyDocument",
        text,
      );
      const { Role: role } = await iam.send(new GetRoleCommand({ RoleName: "deploy" }));
      assert.equal(decodeURIComponent(role?.AssumeRolePolicyDocument ?? ""), trustPolicy);
    });
  }

  for (const [what, condition] of narrow) {
    test(`a trust policy for GitHub with ${what} is taken`, async (t) => {
      const { iam } = await iamSandbox(t);
      await createRole(iam, "deploy", { AssumeRolePolicyDocument: trusts(condition) });
    });
  }

  test("every statement that allows is looked at, and a Deny is not", async (t) => {
    const { iam } = await iamSandbox(t);
    const good = { StringEquals: { ...aud, [sub]: mine } };
    const both = (first: string, second: string): string =>
      policyOf(...[first, second].map((one) => (JSON.parse(one) as { Statement: [object] }).Statement[0]));
    await refused(
      createRole(iam, "deploy", { AssumeRolePolicyDocument: both(trusts(good), trusts(undefined)) }),
      "MalformedPolicyDocument",
      text,
    );
    const denies = trusts(undefined, { Effect: "Deny" });
    await createRole(iam, "deploy", { AssumeRolePolicyDocument: both(trusts(good), denies) });
  });

  test("an enterprise's own path at GitHub's issuer is refused too, by its own key", async (t) => {
    const { iam } = await iamSandbox(t);
    await refused(
      createRole(iam, "deploy", {
        AssumeRolePolicyDocument: trusts({ StringEquals: aud }, { url: `${url}/octo` }),
      }),
      "MalformedPolicyDocument",
      /oidc-provider\/token\.actions\.githubusercontent\.com\/octo must evaluate.*, token\.actions\.githubusercontent\.com\/octo:sub which/u,
    );
  });

  test("a private issuer needs no such condition, however its name ends", async (t) => {
    const { iam } = await iamSandbox(t);
    const document = trusts(undefined, { url: `not-${url}` });
    await createRole(iam, "deploy", { AssumeRolePolicyDocument: document });
  });
});
