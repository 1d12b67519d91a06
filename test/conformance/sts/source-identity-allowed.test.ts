import { test } from "node:test";
import { accepts, providerUrl, refuses, subject, texts, trust } from "../fixture.ts";

const refusal = {
  rule: "source-identity-allowed",
  code: "AccessDenied",
  status: 403,
  text: texts.notAuthorized,
};
const claims = { "https://aws.amazon.com/source_identity": "alice" };
const actions = ["sts:AssumeRoleWithWebIdentity", "sts:SetSourceIdentity"];

test("the trust policy allows only the assuming", () => refuses({ claims }, refusal));

test("the other action is allowed under a condition that does not hold", () => {
  const both = trust({ StringEquals: { [`${providerUrl}:sub`]: subject } });
  const [statement] = both.statements;
  const extra = {
    ...statement!,
    actions: ["sts:SetSourceIdentity"],
    conditions: [{ operator: "StringEquals", key: "sts:SourceIdentity", values: ["other"] }],
  };
  return refuses({ claims, trust: { ...both, statements: [statement!, extra] } }, refusal);
});

test("it is not needed without the claim, and granted with it", async () => {
  await accepts();
  await accepts({ claims, trust: trust(undefined, { actions }) });
  await accepts({ claims, trust: trust({ StringEquals: { "sts:SourceIdentity": "alice" } }, { actions }) });
});
