import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as sdk from "@aws-sdk/client-iam";
import { iamService } from "../../../src/sandbox/aws/iam/service.ts";
import { emptyAccount } from "../../../src/sandbox/aws/state/account.ts";
import {
  account,
  allowAll,
  iamSandbox,
  issuer,
  providerArn,
  thumbprint,
  trustPolicy,
} from "../../support/iam.ts";

const provider = { OpenIDConnectProviderArn: providerArn };
const role = { RoleName: "demo" };
const policy = { PolicyArn: `arn:aws:iam::${account}:policy/Own` };
const inline = { ...role, PolicyName: "inline" };
const profile = { InstanceProfileName: "machine" };
const attached = { ...role, ...policy };
const Tags = [{ Key: "k", Value: "v" }];
const page = "IsTruncated";

/** Every operation once, in an order in which all succeed; and the members that its answer must have. */
const story: readonly [string, object, readonly string[]][] = [
  [
    "CreateOpenIDConnectProvider",
    { Url: issuer, ThumbprintList: [thumbprint] },
    ["OpenIDConnectProviderArn"],
  ],
  ["AddClientIDToOpenIDConnectProvider", { ...provider, ClientID: "a" }, []],
  ["RemoveClientIDFromOpenIDConnectProvider", { ...provider, ClientID: "a" }, []],
  ["UpdateOpenIDConnectProviderThumbprint", { ...provider, ThumbprintList: [thumbprint] }, []],
  ["TagOpenIDConnectProvider", { ...provider, Tags }, []],
  ["ListOpenIDConnectProviderTags", provider, [page, "Tags"]],
  ["GetOpenIDConnectProvider", provider, ["ClientIDList", "CreateDate", "Tags", "ThumbprintList", "Url"]],
  ["ListOpenIDConnectProviders", {}, ["OpenIDConnectProviderList"]],
  ["UntagOpenIDConnectProvider", { ...provider, TagKeys: ["k"] }, []],
  ["CreatePolicy", { PolicyName: "Own", PolicyDocument: allowAll }, ["Policy"]],
  ["CreatePolicyVersion", { ...policy, PolicyDocument: allowAll }, ["PolicyVersion"]],
  ["GetPolicy", policy, ["Policy"]],
  ["GetPolicyVersion", { ...policy, VersionId: "v2" }, ["PolicyVersion"]],
  ["ListPolicies", { Scope: "Local" }, [page, "Policies"]],
  ["ListPolicyVersions", policy, [page, "Versions"]],
  ["SetDefaultPolicyVersion", { ...policy, VersionId: "v2" }, []],
  ["TagPolicy", { ...policy, Tags }, []],
  ["ListPolicyTags", policy, [page, "Tags"]],
  ["UntagPolicy", { ...policy, TagKeys: ["k"] }, []],
  ["CreateRole", { ...role, AssumeRolePolicyDocument: trustPolicy }, ["Role"]],
  ["UpdateRole", { ...role, MaxSessionDuration: 7200 }, []],
  ["UpdateRoleDescription", { ...role, Description: "d" }, ["Role"]],
  ["UpdateAssumeRolePolicy", { ...role, PolicyDocument: trustPolicy }, []],
  ["TagRole", { ...role, Tags }, []],
  ["ListRoleTags", role, [page, "Tags"]],
  ["UntagRole", { ...role, TagKeys: ["k"] }, []],
  ["PutRolePolicy", { ...inline, PolicyDocument: allowAll }, []],
  ["GetRolePolicy", inline, ["PolicyDocument", "PolicyName", "RoleName"]],
  ["ListRolePolicies", role, [page, "PolicyNames"]],
  ["AttachRolePolicy", attached, []],
  ["ListAttachedRolePolicies", role, ["AttachedPolicies", page]],
  ["ListEntitiesForPolicy", policy, [page, "PolicyGroups", "PolicyRoles", "PolicyUsers"]],
  ["CreateInstanceProfile", profile, ["InstanceProfile"]],
  ["AddRoleToInstanceProfile", { ...profile, ...role }, []],
  ["GetInstanceProfile", profile, ["InstanceProfile"]],
  ["ListInstanceProfiles", {}, ["InstanceProfiles", page]],
  ["ListInstanceProfilesForRole", role, ["InstanceProfiles", page]],
  ["TagInstanceProfile", { ...profile, Tags }, []],
  ["ListInstanceProfileTags", profile, [page, "Tags"]],
  ["UntagInstanceProfile", { ...profile, TagKeys: ["k"] }, []],
  ["PutRolePermissionsBoundary", { ...role, PermissionsBoundary: policy.PolicyArn }, []],
  ["GetRole", role, ["Role"]],
  ["ListRoles", {}, [page, "Roles"]],
  ["GetAccountSummary", {}, ["SummaryMap"]],
  [
    "GetAccountAuthorizationDetails",
    {},
    ["GroupDetailList", page, "Policies", "RoleDetailList", "UserDetailList"],
  ],
  ["DeleteRolePermissionsBoundary", role, []],
  ["DetachRolePolicy", attached, []],
  ["DeleteRolePolicy", inline, []],
  ["RemoveRoleFromInstanceProfile", { ...profile, ...role }, []],
  ["DeleteInstanceProfile", profile, []],
  ["DeleteRole", role, []],
  ["DeletePolicyVersion", { ...policy, VersionId: "v1" }, []],
  ["DeletePolicy", policy, []],
  ["DeleteOpenIDConnectProvider", provider, []],
];

type Send = (command: unknown) => Promise<Record<string, unknown>>;
type Commands = Record<string, new (input: object) => unknown>;

describe("IAM every-operation-parses", () => {
  test("AWS's client understands every answer, and no operation is left out here", async (t) => {
    const { iam } = await iamSandbox(t);
    const send = iam.send.bind(iam) as unknown as Send;
    for (const [name, input, members] of story) {
      const Command = (sdk as unknown as Commands)[`${name}Command`];
      assert.ok(Command, name);
      const { $metadata: metadata, ...answer } = await send(new Command(input));
      const given = Object.entries(answer).filter(([, value]) => value !== undefined);
      assert.deepEqual(given.map(([key]) => key).sort(), [...members].sort(), name);
      assert.match(String((metadata as { requestId?: string }).requestId), /^[0-9a-f-]{36}$/u, name);
    }
    const service = iamService({
      account: emptyAccount(account),
      propagationMs: 0,
      fetchThumbprint: () => Promise.reject(new Error("not asked")),
    });
    assert.deepEqual(Object.keys(service.actions).sort(), story.map(([name]) => name).sort());
  });
});
