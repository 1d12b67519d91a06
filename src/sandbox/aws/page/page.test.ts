import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { emptyAccount } from "../state/account.ts";
import type { OidcProvider, Role } from "../state/records.ts";
import type { Decision, PageResponse } from "../wire/service.ts";
import { sandboxPage } from "./page.ts";
import { prettyJson, trustSummary } from "./trust-summary.ts";

const now = Date.parse("2026-11-25T12:00:00Z");
const provider = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/a";
const trust = {
  Version: "2012-10-17",
  Statement: {
    Effect: "Allow",
    Principal: { Federated: provider },
    Action: "sts:AssumeRoleWithWebIdentity",
    Condition: { StringEquals: { "oidc.example.com/a:sub": ["system:serviceaccount:a:b", "x"] } },
  },
};

function role(name: string, changes: Partial<Role> = {}): Role {
  return {
    name,
    path: "/",
    id: `AROA${name}`,
    arn: `arn:aws:iam::111122223333:role/${name}`,
    createDate: now - 60_000,
    maxSessionDuration: 3600,
    trustPolicy: JSON.stringify(trust),
    trustChanged: now - 60_000,
    inline: {},
    attached: [],
    tags: [],
    ...changes,
  };
}

const decision: Decision = {
  time: now,
  requestId: "r",
  action: "ssm:GetParameter",
  who: "arn:aws:sts::111122223333:assumed-role/demo/<img src=x onerror=alert(1)>",
  decision: "deny",
  rule: "action-allowed",
  code: "AccessDeniedException",
  message: "User is not authorized",
  why: "Nothing allows it.",
  next: "Attach a policy.",
};

async function visit(
  path: string,
  options: {
    host?: string;
    roles?: readonly Role[];
    providers?: readonly OidcProvider[];
    decisions?: readonly Decision[];
  } = {},
): Promise<PageResponse> {
  const account = emptyAccount("111122223333");
  for (const one of options.roles ?? []) account.roles.set(one.name, one);
  for (const one of options.providers ?? []) account.providers.set(one.arn, one);
  const page = sandboxPage({
    account,
    decisions: () => options.decisions ?? [],
    now: () => now,
    propagationMs: 8000,
    messageProfile: "2026",
    issuerCache: "refetch",
    tables: () => [],
    issuerFaults: ["slow", "key-gone"],
    listen: "127.0.0.1",
  });
  return page({ method: "GET", path, host: options.host ?? "127.0.0.1:4566" });
}

describe("the sandbox's page", () => {
  test("says what it is, and what an empty sandbox lacks", async () => {
    const { status, body, headers } = await visit("/");
    assert.equal(status, 200);
    assert.equal(headers["content-type"], "text/html; charset=utf-8");
    assert.match(body, /This is a sandbox, a stand-in/u);
    assert.match(body, /No issuer is registered yet/u);
    assert.match(body, /No role yet/u);
    assert.match(body, /Nothing was asked yet/u);
  });

  test("has a CSP that lets in its style sheet and its script and nothing else", async () => {
    const { body, headers } = await visit("/");
    const csp = headers["content-security-policy"] ?? "";
    assert.match(csp, /^default-src 'none';/u);
    assert.doesNotMatch(csp, /unsafe|\*/u);
    for (const element of ["style", "script"]) {
      const texts = [...body.matchAll(new RegExp(`<${element}>(.*?)</${element}>`, "gsu"))];
      assert.equal(texts.length, 1);
      const hash = createHash("sha256")
        .update(texts[0]?.[1] ?? "")
        .digest("base64");
      assert.ok(csp.includes(`${element}-src 'sha256-${hash}'`), element);
    }
    assert.doesNotMatch(body, /(?:src|href)="(?!data:|#)/u);
  });

  test("shows what clients wrote as text", async () => {
    const name = "</td><script>alert(1)</script>";
    const hostile = role("hostile", { trustPolicy: name, inline: { [name]: name }, attached: [name] });
    const { body } = await visit("/", { roles: [hostile], decisions: [decision] });
    assert.equal(body.match(/<script>/gu)?.length, 1);
    assert.doesNotMatch(body, /<img/u);
    assert.match(body, /&lt;img src=x onerror=alert\(1\)&gt;/u);
  });

  test("shows of a decision what decided, the answer, why, and what to do", async () => {
    const { body } = await visit("/", { decisions: [decision] });
    for (const text of [
      "action-allowed",
      "AccessDeniedException",
      "Nothing allows it.",
      "Attach a policy.",
      "refused",
    ]) {
      assert.ok(body.includes(text), text);
    }
    assert.match(body, /<time datetime="2026-11-25T12:00:00.000Z">12:00:00<\/time>/u);
    const failed: Decision = { ...decision, decision: "allow", code: "ParameterNotFound" };
    assert.match((await visit("/", { decisions: [failed] })).body, /allowed, then failed/u);
  });

  test("shows the last hundred decisions, newest first", async () => {
    const many = Array.from({ length: 130 }, (_, i): Decision => ({ ...decision, rule: `rule-${i}` }));
    const { body } = await visit("/", { decisions: many });
    const rules = [...body.matchAll(/<code>rule-(\d+)<\/code>/gu)].map((match) => Number(match[1]));
    assert.deepEqual(
      rules,
      Array.from({ length: 100 }, (_, i) => 129 - i),
    );
    const feed = JSON.parse((await visit("/decisions.json", { decisions: many })).body) as {
      sandbox: boolean;
      decisions: Decision[];
    };
    assert.equal(feed.sandbox, true);
    assert.equal(feed.decisions.length, 100);
    assert.equal(feed.decisions.at(-1)?.rule, "rule-129");
  });

  test("says of a role whether STS sees it and its trust policy already", async () => {
    const fresh = role("fresh", { createDate: now - 1000, trustChanged: now - 1000 });
    const edited = role("edited", { trustChanged: now - 3000, trustBefore: "{}" });
    assert.match((await visit("/", { roles: [role("old")] })).body, /in effect/u);
    assert.match((await visit("/", { roles: [fresh] })).body, /new: STS does not see it yet, 7 s more/u);
    assert.match((await visit("/", { roles: [edited] })).body, /still sees the old trust policy, 5 s more/u);
  });

  test("shows of a provider its issuer, audiences and thumbprints, or what their lack means", async () => {
    const one = {
      arn: provider,
      url: "oidc.example.com/a?<b>",
      clientIds: [],
      thumbprints: [],
      tags: [],
      createDate: now,
    };
    const bare = await visit("/", { providers: [one] });
    assert.match(bare.body, /https:\/\/oidc\.example\.com\/a\?&lt;b&gt;/u);
    assert.match(bare.body, /no token can match/u);
    assert.match(bare.body, /public roots only/u);
    const full = { ...one, clientIds: ["sts.amazonaws.com"], thumbprints: ["ab".repeat(20)] };
    const { body } = await visit("/", { providers: [full] });
    assert.ok(body.includes("<code>sts.amazonaws.com</code>") && body.includes("ab".repeat(20)));
  });

  test("is not given to other paths and other names", async () => {
    assert.equal((await visit("/other")).status, 404);
    for (const path of ["/", "/decisions.json"]) {
      const rebound = await visit(path, { host: "evil.example", decisions: [decision] });
      assert.equal(rebound.status, 421);
      assert.doesNotMatch(rebound.body, /ssm/u);
    }
  });

  test("shows a trust policy in a few words", () => {
    assert.deepEqual(trustSummary(JSON.stringify(trust)), [
      {
        effect: "Allow",
        who: ["oidc.example.com/a"],
        conditions: ["sub StringEquals system:serviceaccount:a:b or x"],
      },
    ]);
    const deny = {
      Statement: [{ Effect: "Deny", Principal: "*", Condition: { Bool: { "aws:SecureTransport": false } } }],
    };
    assert.deepEqual(trustSummary(JSON.stringify(deny)), [
      { effect: "Deny", who: ["*"], conditions: ["aws:SecureTransport Bool false"] },
    ]);
    for (const text of ["", "null", "[]", '{"Statement":"x"}', "{"])
      assert.doesNotThrow(() => trustSummary(text));
    assert.equal(prettyJson("{"), "{");
  });
});
