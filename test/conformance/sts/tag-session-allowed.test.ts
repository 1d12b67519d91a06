import { describe, test } from "node:test";
import { accepts, providerUrl, refuses, subject, texts, trust } from "../fixture.ts";

const refusal = { rule: "tag-session-allowed", code: "AccessDenied", status: 403, text: texts.notAuthorized };
const claims = { "https://aws.amazon.com/tags/principal_tags/team": "shop" };
const actions = ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"];

describe("STS rule tag-session-allowed", () => {
  test("refuses session tags when the trust policy allows sts:AssumeRoleWithWebIdentity alone", () =>
    refuses({ claims }, refusal));

  test("refuses session tags when sts:TagSession is allowed under a condition that does not hold", () => {
    const both = trust({ StringEquals: { [`${providerUrl}:sub`]: subject } });
    const [statement] = both.statements;
    const extra = {
      ...statement!,
      actions: ["sts:TagSession"],
      conditions: [{ operator: "StringEquals", key: "aws:RequestTag/team", values: ["other"] }],
    };
    return refuses({ claims, trust: { ...both, statements: [statement!, extra] } }, refusal);
  });

  test("does not ask for sts:TagSession without the claim, and grants the tags with it", async () => {
    await accepts();
    await accepts({ claims, trust: trust(undefined, { actions }) });
    await accepts({ claims, trust: trust({ StringEquals: { "aws:RequestTag/team": "shop" } }, { actions }) });
  });
});
