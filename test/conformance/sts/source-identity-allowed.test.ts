import { describe, test } from "node:test";
import { accepts, providerUrl, refuses, subject, texts, trust } from "../fixture.ts";

const refusal = {
  rule: "source-identity-allowed",
  code: "AccessDenied",
  status: 403,
  text: texts.notAuthorized,
};
const claims = { "https://aws.amazon.com/source_identity": "alice" };
const actions = ["sts:AssumeRoleWithWebIdentity", "sts:SetSourceIdentity"];

describe("STS rule source-identity-allowed", () => {
  test("refuses a source identity when the trust policy allows sts:AssumeRoleWithWebIdentity alone", () =>
    refuses({ claims }, refusal));

  test("refuses a source identity when sts:SetSourceIdentity is allowed under a condition that does not hold", () => {
    const both = trust({ StringEquals: { [`${providerUrl}:sub`]: subject } });
    const [statement] = both.statements;
    const extra = {
      ...statement!,
      actions: ["sts:SetSourceIdentity"],
      conditions: [{ operator: "StringEquals", key: "sts:SourceIdentity", values: ["other"] }],
    };
    return refuses({ claims, trust: { ...both, statements: [statement!, extra] } }, refusal);
  });

  test("does not ask for sts:SetSourceIdentity without the claim, and grants the source identity with it", async () => {
    await accepts();
    await accepts({ claims, trust: trust(undefined, { actions }) });
    await accepts({ claims, trust: trust({ StringEquals: { "sts:SourceIdentity": "alice" } }, { actions }) });
  });
});
