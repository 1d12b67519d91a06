import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyAccount } from "../state/account.ts";
import type { Session } from "../state/records.ts";
import type { Call } from "../wire/service.ts";
import { callerOf, findKey } from "./caller.ts";
import { contextOf } from "./context.ts";

const id = "111122223333";
const now = Date.parse("2026-11-25T00:00:00Z");
const session: Session = {
  accessKeyId: "ASIAEXAMPLE",
  secret: "s",
  token: "t",
  createDate: now - 1000,
  expires: now + 1000,
  of: {
    kind: "role",
    roleArn: `arn:aws:iam::${id}:role/team/demo`,
    roleName: "demo",
    roleId: "AROAEXAMPLE",
    sessionName: "job",
  },
  policies: [],
  tags: [{ key: "team", value: "session" }],
  transitiveTagKeys: [],
  sourceIdentity: "alice",
  federatedProvider: `arn:aws:iam::${id}:oidc-provider/oidc.example.test`,
  claims: { "oidc.example.test:sub": "system:serviceaccount:a:b" },
};
const call: Call = {
  service: "iam",
  protocol: "json",
  action: "GetRole",
  requestId: "r",
  now,
  caller: undefined,
  region: "eu-central-1",
  sourceAddress: "::ffff:127.0.0.1",
  userAgent: "test",
  signal: new AbortController().signal,
  note() {},
};
const need = { action: "iam:GetRole", resource: "*", context: { "iam:PolicyARN": "arn" } };

test("a session's condition keys have its role as the principal, and its own tags before the role's", () => {
  const account = emptyAccount(id);
  account.sessions.set(session.accessKeyId, session);
  account.roles.set("demo", {
    name: "demo",
    path: "/team/",
    id: "AROAEXAMPLE",
    arn: `arn:aws:iam::${id}:role/team/demo`,
    createDate: 0,
    maxSessionDuration: 3600,
    trustPolicy: "",
    trustChanged: 0,
    inline: {},
    attached: [],
    tags: [
      { key: "team", value: "role" },
      { key: "cost", value: "1" },
    ],
  });
  const caller = callerOf(account, session.accessKeyId);
  assert.equal(caller.arn, `arn:aws:sts::${id}:assumed-role/demo/job`);
  assert.equal(caller.userId, "AROAEXAMPLE:job");
  assert.deepEqual(contextOf(account, caller, call, need), {
    "aws:CurrentTime": "2026-11-25T00:00:00.000Z",
    "aws:EpochTime": String(now / 1000),
    "aws:PrincipalAccount": id,
    "aws:PrincipalIsAWSService": "false",
    "aws:ResourceAccount": id,
    "aws:MultiFactorAuthPresent": "false",
    "aws:PrincipalArn": `arn:aws:iam::${id}:role/team/demo`,
    "aws:PrincipalType": "AssumedRole",
    "aws:userid": "AROAEXAMPLE:job",
    "aws:RequestedRegion": "eu-central-1",
    "aws:SecureTransport": "true",
    "aws:SourceIp": "127.0.0.1",
    "aws:UserAgent": "test",
    "aws:ViaAWSService": "false",
    "aws:TokenIssueTime": "2026-11-24T23:59:59.000Z",
    "aws:PrincipalTag/team": "session",
    "aws:PrincipalTag/cost": "1",
    "aws:SourceIdentity": "alice",
    "aws:FederatedProvider": `arn:aws:iam::${id}:oidc-provider/oidc.example.test`,
    "oidc.example.test:sub": "system:serviceaccount:a:b",
    "iam:PolicyARN": "arn",
  });
});

test("the administrator is a user, with long-lived keys or with a session of them", () => {
  const account = emptyAccount(id);
  account.keys.set("AKIAEXAMPLE", { id: "AKIAEXAMPLE", secret: "s", createDate: 0 });
  account.sessions.set("ASIAADMIN", { ...session, accessKeyId: "ASIAADMIN", of: { kind: "admin" } });
  const plain = callerOf(account, "AKIAEXAMPLE");
  const temporary = callerOf(account, "ASIAADMIN");
  assert.equal(plain.arn, `arn:aws:iam::${id}:user/podtrust-admin`);
  assert.equal(temporary.arn, plain.arn);
  assert.equal(temporary.userId, plain.userId);
  assert.match(plain.userId, /^AIDA[0-9A-F]{17}$/u);
  const context = contextOf(account, plain, call, need);
  assert.equal(context["aws:PrincipalType"], "User");
  assert.equal(context["aws:username"], "podtrust-admin");
  assert.equal(context["aws:TokenIssueTime"], undefined);
  assert.equal(context["aws:MultiFactorAuthPresent"], undefined);
  assert.equal(contextOf(account, temporary, call, need)["aws:MultiFactorAuthPresent"], "false");
  assert.equal(findKey(account, "AKIAEXAMPLE")?.session, undefined);
  assert.equal(findKey(account, "ASIAADMIN")?.session?.token, "t");
  assert.equal(findKey(account, "AKIANOBODY"), undefined);
});

test("the account of a resource is that of its ARN, else the caller's, and a policy of AWS's own has none", () => {
  const account = emptyAccount(id);
  account.sessions.set(session.accessKeyId, session);
  const caller = callerOf(account, session.accessKeyId);
  const of = (resource: string) =>
    contextOf(account, caller, call, { ...need, resource })["aws:ResourceAccount"];
  assert.equal(of("arn:aws:ssm:us-east-1:444455556666:parameter/a:b"), "444455556666");
  assert.equal(of("arn:aws:s3:::bucket"), id);
  assert.equal(of("*"), id);
  assert.equal(of("arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess"), undefined);
});
