import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { complaintOf, isAwsCode, isTransient } from "./failure.ts";
import { webIdentityTrustPolicy } from "./index.ts";
import { allPages } from "./pages.ts";
import { samePolicy } from "./same-policy.ts";
import { providerTagChanges, roleTagChanges } from "./tags.ts";

describe("what IAM answers", () => {
  test("a list is read to its end, and one without an end is cut off", async () => {
    const pages: Record<string, { items: string[]; marker: string | undefined }> = {
      "": { items: ["a"], marker: "1" },
      "1": { items: ["b", "c"], marker: undefined },
    };
    const read = await allPages((marker = "") =>
      Promise.resolve(pages[marker] ?? { items: [], marker: undefined }),
    );
    assert.deepEqual(read, ["a", "b", "c"]);
    const endless = allPages(() => Promise.resolve({ items: undefined, marker: "again" }));
    await assert.rejects(endless, /did not end/u);
  });

  test("tags of AWS's own are never changed", () => {
    const before = { "aws:cloudformation:stack-name": "x", old: "1", same: "2" };
    for (const changesOf of [roleTagChanges, providerTagChanges]) {
      const { set, remove, fields } = changesOf(before, { same: "2", fresh: "3" });
      assert.deepEqual([set, remove], [{ fresh: "3" }, ["old"]]);
      assert.deepEqual(
        fields.map(({ field, before: was, after }) => [field, was, after]),
        [
          ["tags.fresh", undefined, "3"],
          ["tags.old", "1", undefined],
        ],
      );
    }
  });

  test("a tag of a role in another case is set once, and never taken away by its other name", () => {
    const { set, remove, fields } = roleTagChanges(
      { Team: "platform", COST: "1" },
      { team: "shop", cost: "1" },
    );
    assert.deepEqual([set, remove], [{ team: "shop" }, []]);
    assert.deepEqual(fields, [{ field: "tags.team", before: "platform", after: "shop" }]);
  });

  test("an OIDC provider has a tag of each case", () => {
    const { set, remove } = providerTagChanges({ Team: "shop" }, { team: "shop" });
    assert.deepEqual([set, remove], [{ team: "shop" }, ["Team"]]);
  });

  test("policies are the same when they mean the same; what cannot be read differs from everything else", () => {
    const statement = { Effect: "Allow", Action: "ssm:GetParameter", Resource: "*" };
    const one = JSON.stringify({ Version: "2012-10-17", Statement: statement });
    const list = JSON.stringify({
      Statement: [{ ...statement, Action: ["ssm:GetParameter"] }],
      Version: "2012-10-17",
    });
    assert.equal(samePolicy(one, list, "identity"), true);
    assert.equal(samePolicy(one, "{}", "identity"), false);
    assert.equal(samePolicy("not a policy", "not a policy", "identity"), true);
    assert.equal(samePolicy("not a policy", "nor this", "identity"), false);
  });

  test("a trust policy names exactly the ServiceAccounts, and patterns only where they were asked for", () => {
    const trust = {
      partition: "aws-cn",
      account: "111122223333",
      issuer: "https://oidc.example.com/a/",
      audiences: ["sts.amazonaws.com"],
    };
    const exact = JSON.parse(webIdentityTrustPolicy({ ...trust, serviceAccounts: ["ns/a", "ns/b"] })) as {
      Statement: { Principal: object; Condition: object }[];
    };
    const [statement] = [exact.Statement].flat();
    assert.deepEqual(statement?.Principal, {
      Federated: "arn:aws-cn:iam::111122223333:oidc-provider/oidc.example.com/a/",
    });
    assert.deepEqual(statement?.Condition, {
      StringEquals: {
        "oidc.example.com/a/:aud": "sts.amazonaws.com",
        "oidc.example.com/a/:sub": ["system:serviceaccount:ns:a", "system:serviceaccount:ns:b"],
      },
    });
    assert.doesNotMatch(webIdentityTrustPolicy({ ...trust, serviceAccounts: ["ns/a"] }), /StringLike/u);
    const pattern = webIdentityTrustPolicy({ ...trust, serviceAccounts: [], subjectPatterns: ["team-a/*"] });
    assert.match(
      pattern,
      /"StringLike":\{"oidc\.example\.com\/a\/:sub":"system:serviceaccount:team-a:\*"\}/u,
    );
  });

  test("a call is repeated where the network or AWS failed, and not where the same would be said again", () => {
    const failed = (more: object): Error => Object.assign(new Error("x"), more);
    for (const passing of [
      { $metadata: { httpStatusCode: 503 } },
      { code: "ECONNRESET" },
      { name: "TimeoutError" },
      { cause: failed({ code: "ETIMEDOUT" }) },
      { name: "RequestTimeTooSkewed", $metadata: { httpStatusCode: 403, clockSkewCorrected: true } },
    ]) {
      assert.equal(isTransient(failed(passing)), true, JSON.stringify(passing));
    }
    for (const final of [
      { code: "CERT_HAS_EXPIRED" },
      { code: "ENOTFOUND" },
      { name: "AccessDenied", $metadata: { httpStatusCode: 403 } },
      { name: "AbortError" },
    ]) {
      assert.equal(isTransient(failed(final)), false, JSON.stringify(final));
    }
    assert.equal(isTransient("text"), false);
  });

  test("AWS's code is read from what the SDK throws, whatever it calls its classes", () => {
    const thrown = Object.assign(new Error("text"), {
      name: "InvalidIdentityTokenException",
      Code: "InvalidIdentityToken",
    });
    assert.deepEqual(complaintOf(thrown), { code: "InvalidIdentityToken", message: "text" });
    assert.equal(isAwsCode(thrown, "InvalidIdentityToken"), true);
    assert.equal(
      isAwsCode(Object.assign(new Error("x"), { name: "NoSuchEntityException" }), "NoSuchEntity"),
      true,
    );
    assert.equal(isAwsCode("text", "NoSuchEntity"), false);
    assert.deepEqual(complaintOf("text"), { code: "UnknownError", message: "text" });
  });
});
