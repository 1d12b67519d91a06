import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { accessAnnotations } from "./annotated-access.ts";
import { accessConflict } from "./conflict.ts";
import type { RoleAccess } from "./role-access.ts";

const role = (name: string): string => `arn:aws:iam::111122223333:role/${name}`;
const wanted: RoleAccess = {
  roleArn: role("web"),
  audience: "sts.amazonaws.com",
  expirationSeconds: 86_400,
  profiles: [
    { name: "reports", roleArn: role("reports"), by: "token" },
    { name: "out", roleArn: role("out"), by: "role", externalId: "shop/4711" },
  ],
};
const own = accessAnnotations(wanted);
const conflict = (annotations: Readonly<Record<string, string | undefined>>): string | undefined =>
  accessConflict({ metadata: { annotations } }, wanted);

describe("what pods are given by the annotations that stand", () => {
  test("is what was wanted, by the annotations that say it, and harmless ones beside them", () => {
    assert.equal(own["chain.podtrust.dev/out"], `${role("out")} shop/4711`);
    for (const beside of [
      {},
      { "profile.podtrust.dev/theirs": role("theirs") },
      { "eks.amazonaws.com/audience": "sts.amazonaws.com" },
      { "eks.amazonaws.com/audience": "" },
      { "eks.amazonaws.com/token-expiration": "7200" },
    ])
      assert.equal(conflict({ ...own, ...beside }), undefined, JSON.stringify(beside));
  });

  test("is what was wanted where that is one role and no profile", () => {
    const { profiles: _none, ...one } = wanted;
    assert.equal(accessConflict({ metadata: { annotations: accessAnnotations(one) } }, one), undefined);
    const beside = { ...accessAnnotations(one), "profile.podtrust.dev/theirs": role("theirs") };
    assert.equal(accessConflict({ metadata: { annotations: beside } }, one), undefined);
  });

  for (const [what, change, said] of [
    ["no role", { "eks.amazonaws.com/role-arn": "" }, /^has no annotation eks\.amazonaws\.com\/role-arn$/u],
    [
      "another role",
      { "eks.amazonaws.com/role-arn": role("x") },
      /gives pods the role ".*role\/x", not .*role\/web$/u,
    ],
    [
      "another audience",
      { "eks.amazonaws.com/audience": "vault.example.com" },
      /audience: "vault\.example\.com"/u,
    ],
    ["another default by a chain", { "chain.podtrust.dev/default": role("x") }, /another role by default/u],
    [
      "another profile",
      { "profile.podtrust.dev/reports": role("x") },
      /the profile reports with .*role\/reports$/u,
    ],
    ["a chain without its external ID", { "chain.podtrust.dev/out": role("out") }, /the profile out/u],
    ["a profile in place of a chain", { "profile.podtrust.dev/out": role("out") }, /the profile out/u],
    [
      "so many profiles that none is taken",
      Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`profile.podtrust.dev/p${at}`, role("x")])),
      /the profile reports/u,
    ],
  ] as const) {
    test(`is not what was wanted where they say ${what}`, () => {
      assert.match(conflict({ ...own, ...change }) ?? "", said);
    });
  }
});
