/**
 * The guards' CEL and the functions that decide the same afterwards, given the same random values: by the library that
 * API servers evaluate CEL with.
 */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import * as fc from "fast-check";
import { sameTagKey, sameTagKeyCel, type JsonRecord } from "../../../src/core/base/index.ts";
import { bindingPolicies, decide, readBinding, readTrust } from "../../../src/rules/bindings/index.ts";
import { account, bindingOf, policyDocument, ssm, trustOf } from "../../support/bindings/objects.ts";
import { buildProgram } from "../build.ts";
import { evaluateCel } from "../cel.ts";
import { leftOut } from "../harness/index.ts";

const seed = 20_261_128;
const samples = <T>(arbitrary: fc.Arbitrary<T>, count: number): readonly T[] =>
  fc.sample(arbitrary, { numRuns: count, seed });

/** A key as the schema takes it. */
const tagKey = fc.stringMatching(/^[A-Za-z0-9 _.:/=+@-]{1,128}$/u);
const otherCase = (key: string): fc.Arbitrary<string> =>
  fc
    .array(fc.boolean(), { minLength: key.length, maxLength: key.length })
    .map((up) =>
      Array.from(key, (one, at) => (up[at] === true ? one.toUpperCase() : one.toLowerCase())).join(""),
    );
/** Half of the pairs are one key in two cases, some of them with one letter changed. */
const keyPair = fc.oneof(
  fc.tuple(tagKey, tagKey),
  tagKey.chain((key) => fc.tuple(fc.constant(key), otherCase(key))),
  fc
    .tuple(tagKey, fc.nat(127), fc.constantFrom(...Array.from("aZ0 _.:/=+@-[{`^")))
    .map(([key, at, letter]): [string, string] => [key, key.slice(0, at) + letter + key.slice(at + 1)]),
);

const own = (name: string): string => `arn:aws:iam::${account}:${name}`;
const some = <T>(...of: readonly T[]) => fc.uniqueArray(fc.constantFrom(...of), { maxLength: 3 });
const few = <T>(...of: readonly T[]) =>
  fc.uniqueArray(fc.constantFrom(...of), { minLength: 1, maxLength: 2 });
const accounts = [account, "444455556666"] as const;
const tags = fc.uniqueArray(
  fc.record({
    key: fc.constantFrom("team", "Team", "TEAM", "cost", "Cost"),
    value: fc.constantFrom("a", "A", "b"),
  }),
  { maxLength: 2, selector: ({ key }) => key.toLowerCase() },
);
const policies = [ssm, own("policy/shop/read"), own("policy/shop/"), own("policy/x")] as const;
const existing = [own("role/shop/x"), own("role/admin"), "arn:aws:iam::444455556666:role/shop/x"] as const;
const seconds = fc.constantFrom(3600, 7200, 43_200);
const inlined = fc.constantFrom([], [{ name: "x", document: policyDocument }]);

const grant = fc.record(
  {
    namespaces: few("shop", "shop-*", "team-a", "team-*", "*"),
    serviceAccounts: few("web", "w*", "api-*", "*"),
    accounts: few(...accounts),
    policies: some(ssm, own("policy/shop/*"), own("policy/x*"), own("policy/*")),
    existingRoles: some(own("role/shop/*"), own("role/admin"), "arn:aws:iam::444455556666:role/*"),
    adoptRoles: some(own("role/shop/*"), own("role/*")),
    chainedRoles: some(own("role/shop/*"), own("role/admin")),
    inline: fc.boolean(),
    retain: fc.boolean(),
    boundary: fc.constant(own("policy/boundary")),
    maxSessionSeconds: seconds,
    tags,
  },
  { requiredKeys: ["namespaces", "accounts", "boundary"] },
);
const managed = fc.record(
  {
    policies: few(...policies),
    inline: inlined,
    maxSessionSeconds: seconds,
    tags,
    adopt: fc.constantFrom(...existing),
    onDelete: fc.constantFrom("Delete", "Retain"),
  },
  { requiredKeys: ["policies"] },
);
const rarely = <T>(of: readonly T[]) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.constantFrom(...of) });
const role = fc
  .record({
    chain: rarely(existing),
    account: fc.option(fc.constantFrom(...accounts, "999988887777")),
    managed,
    arn: rarely(existing),
  })
  .map(({ account: id, managed: spec, arn, chain }): JsonRecord => {
    if (chain !== null) return { chain: { arn: chain } };
    return {
      ...(id === null ? {} : { account: id }),
      ...(arn === null ? { managed: spec } : { existing: { arn } }),
    };
  });
const judged = fc.record({
  namespace: fc.constantFrom("shop", "shop-2", "team-a", "team", "other"),
  roles: fc
    .array(role, { minLength: 1, maxLength: 2 })
    .map((list) => list.map((one, at) => ({ profile: at === 0 ? "default" : `p${at}`, ...one }))),
  grants: fc
    .array(grant, { maxLength: 3 })
    .map((list) => list.map((one, at) => ({ name: `g${at}`, ...one }))),
  ids: fc.constantFrom<readonly string[]>(accounts.slice(0, 1), accounts),
});

interface Policy {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly variables: readonly { readonly name: string; readonly expression: string }[];
    readonly validations: readonly { readonly expression: string }[];
  };
}

/** All that the guard of grants validates, with its variables written out. */
function guardOfGrants(): string {
  const [policy] = (bindingPolicies() as readonly Policy[]).filter(
    ({ metadata, spec }) => metadata.name === "podtrust-grants" && Array.isArray(spec.validations),
  );
  assert.ok(policy !== undefined);
  const { variables, validations } = policy.spec;
  return variables.reduceRight(
    (text, { name, expression }) => text.replaceAll(`variables.${name}`, `(${expression})`),
    validations.map(({ expression }) => `(${expression})`).join(" && "),
  );
}

describe("the CEL of the guards", { skip: leftOut() }, () => {
  before(() => buildProgram("cel"));

  test("says of 100,000 pairs of tag keys what sameTagKey says", async () => {
    const pairs = samples(keyPair, 100_000);
    const said = await evaluateCel(
      sameTagKeyCel("one", "other"),
      pairs.map(([one, other]) => ({ one, other })),
    );
    const same = pairs.map(([one, other]) => sameTagKey(one, other));
    assert.deepEqual(said, same);
    const share = same.filter(Boolean).length / pairs.length;
    assert.ok(share > 0.2 && share < 0.8, `${share} of the pairs are the same key`);
  });

  test("says of 20,000 bindings and trusts what decide says", async () => {
    const cases = samples(judged, 20_000).flatMap(({ namespace, roles, grants, ids }) => {
      const regions = ids.map((id) => ({ id, region: "eu-central-1" }));
      const here = grants.map((one) => ({ ...one, accounts: one.accounts.filter((id) => ids.includes(id)) }));
      const allowed = here.filter((one) => one.accounts.length > 0);
      const of = { stack: "prod", issuer: "https://oidc.example.test", accounts: regions, grants: allowed };
      // As the API server has them: of what is left out only the trust's name is filled in.
      const object = bindingOf({ trust: "default", roles }, { namespace });
      const [binding, trust] = [readBinding(object), readTrust(trustOf(of))];
      const row = { object, params: trustOf(of), request: { namespace } };
      return "object" in binding && "object" in trust
        ? [{ row, binding: binding.object, trust: trust.object }]
        : [];
    });
    assert.ok(cases.length > 3000, `${cases.length} cases are well formed`);
    const said = await evaluateCel(
      guardOfGrants(),
      cases.map(({ row }) => row),
    );
    const granted = cases.map(({ binding, trust }) => decide(binding, trust).kind === "granted");
    for (const [at, answer] of said.entries())
      if (answer !== granted[at]) assert.equal(answer, granted[at], JSON.stringify(cases[at]));
    const share = granted.filter(Boolean).length / granted.length;
    assert.ok(share > 0.02, `${share} of the cases are granted`);
  });
});
