import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseConfig } from "../../../config/index.ts";
import { admissionOf, formerIssuersOf, roleArnOf, trustPolicyOf } from "./role-trust.ts";

const ours = "https://oidc.example.com";
const bucket = "https://s3.example.com/bucket";

const config = await parseConfig(
  JSON.stringify({
    stack: "prod",
    issuer: ours,
    publisher: {
      source: { kubeconfig: "a" },
      formerIssuers: [bucket, "https://kubernetes.default.svc.cluster.local"],
      https: { certificateFile: "a", keyFile: "b" },
    },
    aws: [
      {
        account: "111122223333",
        region: "eu-central-1",
        audiences: ["sts.amazonaws.com"],
        roles: [
          {
            name: "web",
            serviceAccounts: ["shop/web"],
            policies: ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
          },
        ],
      },
    ],
  }),
  "/podtrust.yaml",
  { HOME: "/" },
);
const [account] = config.aws;
const [role] = account?.roles ?? [];
assert.ok(account !== undefined && role !== undefined);

describe("the trust policy of a role while a cluster's issuer is changed", () => {
  const formerIssuers = formerIssuersOf(config);
  const trustPolicy = trustPolicyOf({ issuer: ours, formerIssuers, account, role });
  const state = {
    arn: roleArnOf(account, role),
    account: account.account,
    name: role.name,
    id: "AROA",
    path: "/",
    maxSession: 3600,
    description: "",
    boundary: undefined,
    created: 0,
    tags: {},
    trustPolicy,
  };
  const outcome = (issuer: string, serviceAccount: string): string =>
    admissionOf({ issuer, account, role }, state, { serviceAccount, audience: "sts.amazonaws.com", now: 0 })
      .outcome;

  test("lets tokens of both issuers in, of the same ServiceAccounts and no others", () => {
    assert.deepEqual([outcome(ours, "shop/web"), outcome(bucket, "shop/web")], ["admitted", "admitted"]);
    assert.deepEqual([outcome(ours, "shop/other"), outcome(bucket, "shop/other")], ["refused", "refused"]);
    assert.equal(outcome("https://third.example.com", "shop/web"), "refused");
  });

  test("names no issuer that AWS cannot know, since its name is a private one", () => {
    assert.deepEqual(formerIssuers, [bucket]);
    assert.doesNotMatch(trustPolicy, /kubernetes\.default/u);
  });

  test("is the new issuer's alone once the old one is off the list", () => {
    assert.equal(
      trustPolicyOf({ issuer: ours, formerIssuers: [], account, role }),
      trustPolicyOf({ issuer: ours, account, role }),
    );
    assert.doesNotMatch(trustPolicyOf({ issuer: ours, account, role }), /s3\.example/u);
  });
});
