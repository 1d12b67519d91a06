/**
 * The guards' CEL and the functions that decide the same afterwards, given the same random values: by the library that
 * API servers evaluate CEL with.
 */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import * as fc from "fast-check";
import { sameTagKey, sameTagKeyCel } from "../../../src/core/base/index.ts";
import {
  bindingPolicies,
  grantsGuardName,
  loadPartyManifests,
  type PartyManifests,
} from "../../../src/rules/bindings/index.ts";
import { drawnCases } from "../../support/bindings/drawn-cases.ts";
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

interface Policy {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly variables: readonly { readonly name: string; readonly expression: string }[];
    readonly validations: readonly { readonly expression: string }[];
  };
}

/** All that a guard of grants validates, with its variables written out. */
function guardOfGrants(row: PartyManifests): string {
  const [policy] = (bindingPolicies([row]) as readonly Policy[]).filter(
    ({ metadata, spec }) => metadata.name === grantsGuardName(row.names) && Array.isArray(spec.validations),
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

  for (const party of ["aws", "azure", "gcp"] as const)
    test(`says of 20,000 bindings and trusts of ${party} what its decide says`, async () => {
      const [row] = await loadPartyManifests([party]);
      assert.ok(row !== undefined);
      const cases = drawnCases(party, row, 20_000);
      const said = await evaluateCel(
        guardOfGrants(row),
        cases.map(({ object, params, request }) => ({ object, params, request })),
      );
      for (const [at, answer] of said.entries())
        if (answer !== cases[at]?.isGranted)
          assert.equal(answer, cases[at]?.isGranted, JSON.stringify(cases[at]));
      const share = cases.filter(({ isGranted }) => isGranted).length / cases.length;
      assert.ok(share > 0.02 && share < 0.8, `${share} of the cases are granted`);
    });
});
