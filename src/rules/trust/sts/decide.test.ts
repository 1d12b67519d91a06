import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  attempt,
  factsOf,
  providerUrl,
  signer,
  subject,
  trust,
  unsigned,
} from "../../../../test/conformance/fixture.ts";
import { PodtrustError } from "../../../core/base/index.ts";
import { moment, shown, tried } from "../../judge/index.ts";
import { keyChecks } from "../../keys/index.ts";
import { parsePolicy } from "../policy/parse.ts";
import { sameText } from "./answer.ts";
import { decideBy, decideWebIdentity, explainWebIdentity } from "./decide.ts";
import type { StsRuleReport } from "./outcome.ts";
import { stsRules } from "./rules/index.ts";
import { refused } from "./verdict.ts";
import { runs } from "../../../../test/support/runs.ts";

function of(reports: readonly StsRuleReport[], outcome: StsRuleReport["outcome"]): readonly string[] {
  return reports.filter((one) => one.outcome === outcome).map((one) => one.rule);
}

test("an explanation of a good token accepts every rule and gives every finding", async () => {
  const reports = explainWebIdentity(await factsOf(), keyChecks);
  assert.deepEqual(
    of(reports, "accepted"),
    stsRules.map((rule) => rule.name),
  );
  assert.ok(
    reports.every((one) => one.finding.length > 2 && one.title.endsWith(".") && one.warnings.length === 0),
  );
});

test("an explanation continues after a refusal and finds every fault", async () => {
  const facts = await factsOf({
    claims: { exp: 1, aud: "other", sub: "nobody" },
    request: { durationSeconds: "7200" },
  });
  const reports = explainWebIdentity(facts, keyChecks);
  assert.deepEqual(of(reports, "refused"), [
    "not-expired",
    "audience-registered",
    "trust-policy",
    "duration-of-role",
  ]);
  assert.deepEqual(of(reports, "not-reached"), []);
  const [first] = reports.filter((one) => one.outcome === "refused");
  const decision = decideWebIdentity(facts, keyChecks);
  assert.ok(decision.outcome === "refused");
  assert.deepEqual(first?.refusal, decision.refusal, "AWS says the first of them");
});

test("rules that could not be asked are reported as such", async () => {
  const nothing = explainWebIdentity({ request: {}, now: 0, providers: [], role: undefined }, keyChecks);
  assert.deepEqual(of(nothing, "accepted"), [
    "provider-id-length",
    "policy-arns-bounds",
    "session-policy-length",
    "duration-bounds",
    "provider-id-absent",
    "session-policy",
    "session-policy-arns",
  ]);
  const alone = explainWebIdentity(await factsOf({ facts: { documents: undefined } }), keyChecks);
  assert.deepEqual(of(alone, "not-reached"), [
    "issuer-certificate",
    "documents-reachable",
    "discovery-document",
    "jwk-set-document",
    "key-count",
    "key-selection",
    "key-operations-absent",
    "signature",
  ]);
  assert.match(alone.find((one) => one.rule === "issuer-certificate")?.finding ?? "", /not there/u);
  assert.match(alone.find((one) => one.rule === "signature")?.finding ?? "", /refused above|not given/u);
});

test("without the arithmetic of keys their rules are not reached, and all others answer as before", async () => {
  const whole = explainWebIdentity(await factsOf(), keyChecks);
  const alone = explainWebIdentity(await factsOf());
  const unreached = ["key-selection", "key-operations-absent", "signature"];
  for (const [index, report] of alone.entries()) {
    const outcome = unreached.includes(report.rule) ? "not-reached" : whole[index]?.outcome;
    assert.deepEqual([report.rule, report.outcome], [whole[index]?.rule, outcome]);
  }
});

test("an algorithm that AWS refuses leaves no key to be found", async () => {
  const reports = explainWebIdentity(
    await factsOf({ token: unsigned({ alg: "none", kid: "rsa" }) }),
    keyChecks,
  );
  assert.deepEqual(of(reports, "refused"), ["token-algorithm", "key-selection"]);
});

test("parameters that AWS refuses do not keep the trust policy from being looked at", async () => {
  const reports = explainWebIdentity(
    await factsOf({ request: { roleSessionName: undefined, durationSeconds: "long" } }),
    keyChecks,
  );
  assert.deepEqual(of(reports, "refused"), ["role-session-name", "duration-bounds", "duration-of-role"]);
});

test("tokens and policies that are accepted but unwise are warned about", async () => {
  const wide = await factsOf({
    trust: trust({ StringLike: { [`${providerUrl}:sub`]: "*" } }),
    claims: { azp: "sts.amazonaws.com" },
  });
  const warnings = explainWebIdentity(wide, keyChecks).flatMap((one) => one.warnings);
  assert.equal(
    warnings.filter((one) => /fits every subject|no condition on :aud|looks at azp/u.test(one)).length,
    3,
  );
  const twice = await factsOf({ keys: [signer.jwk, signer.jwk] });
  assert.match(
    explainWebIdentity(twice, keyChecks)
      .flatMap((one) => one.warnings)
      .join(""),
    /AWS takes the last/u,
  );
});

test("statements are named by Sid where they have one, and an empty policy says that it is", async () => {
  const text = (effect: string, sub: string): string =>
    JSON.stringify({
      Version: "2012-10-17",
      Statement: {
        Sid: "Cart",
        Effect: effect,
        Principal: { Federated: `arn:aws:iam::111122223333:oidc-provider/${providerUrl}` },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: { StringEquals: { [`${providerUrl}:sub`]: sub } },
      },
    });
  const finding = async (policy: string): Promise<string> => {
    const facts = await factsOf({ trust: parsePolicy(policy, "trust") });
    return explainWebIdentity(facts, keyChecks).find((one) => one.rule === "trust-policy")?.finding ?? "";
  };
  assert.match(await finding(text("Allow", subject)), /statement Cart of the trust policy allows/u);
  assert.match(await finding(text("Allow", "other")), /statement Cart \(Allow\): StringEquals/u);
  assert.match(await finding(text("Deny", subject)), /statement Cart .* denies/u);
  const empty = await attempt({ trust: { version: "2012-10-17", statements: [] } });
  assert.match(empty.outcome === "refused" ? empty.refusal.why : "", /it has no statement/u);
});

test("an issuer whose name is a prefix of AWS's own keys gives the session its claims and nothing else", async () => {
  const url = "aws";
  const decision = await attempt({
    claims: { iss: `https://${url}` },
    provider: { url },
    discovery: { issuer: `https://${url}` },
    trust: trust({ StringEquals: { "aws:sub": subject } }),
  });
  assert.equal(decision.outcome, "accepted");
  assert.deepEqual(Object.keys(decision.outcome === "accepted" ? decision.grant.claims : {}).sort(), [
    "aws:aud",
    "aws:oaud",
    "aws:sub",
  ]);
});

test("rules out of order are the caller's fault", async () => {
  const facts = await factsOf();
  assert.throws(() => decideBy(stsRules.toReversed(), facts), /comes before what it needs/u);
});

test("an answer without a value for its text is the caller's fault", () => {
  const answer = sameText("always", "Code", "<name> is missing", { evidence: "inferred" });
  assert.throws(() => refused(answer, { why: "w", next: "n" }), /needs a value for <name>/u);
  const fixed = refused(answer, { why: "w", next: "n", values: { name: "<b>" } });
  assert.equal(fixed.outcome === "refused" && fixed.refusal.messages.legacy, "<b> is missing");
});

test("parsers' own errors are answers, everything else is rethrown", () => {
  const error = new PodtrustError("token-invalid", "no token");
  assert.equal(
    tried(() => {
      throw error;
    }),
    error,
  );
  assert.equal(
    tried(() => 1),
    1,
  );
  assert.throws(
    () =>
      tried(() => {
        throw new TypeError("ours");
      }),
    TypeError,
  );
});

test("values and moments in words", () => {
  assert.equal(shown(undefined), "nothing");
  assert.match(shown("x".repeat(200)), /… \(202 characters\)$/u);
  assert.equal(moment(0), "1970-01-01T00:00:00Z");
  assert.equal(moment(1e18), "1000000000000000000");
});

test("property: whatever the claims, there is a decision, never an error, and none of it is by accident", async () => {
  const facts = await factsOf();
  const claim = fc.constantFrom(
    "iss",
    "sub",
    "aud",
    "azp",
    "exp",
    "iat",
    "nbf",
    "amr",
    "email",
    "https://aws.amazon.com/tags",
    "https://aws.amazon.com/roles",
    "https://aws.amazon.com/source_identity",
  );
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const [head = "", payload = "", tail = ""] = (facts.request.webIdentityToken ?? "").split(".");
  const good = JSON.parse(Buffer.from(payload, "base64url").toString()) as object;
  fc.assert(
    fc.property(fc.dictionary(claim, fc.jsonValue(), { minKeys: 1 }), (claims) => {
      const changed = { ...good, ...claims };
      const webIdentityToken = `${head}.${part(changed)}.${tail}`;
      const asked = { ...facts, request: { ...facts.request, webIdentityToken } };
      const decision = decideWebIdentity(asked, keyChecks);
      const same = JSON.stringify(changed) === JSON.stringify(good);
      assert.equal(decision.outcome, same ? "accepted" : "refused");
      assert.equal(explainWebIdentity(asked, keyChecks).length, stsRules.length);
    }),
    { numRuns: runs(1000) },
  );
});
