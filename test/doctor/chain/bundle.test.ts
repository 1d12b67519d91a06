/** Bundles of stacks: what was recorded of each fault, as it goes to somebody else and comes from one. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  isStackBundle,
  reportOfStackBundle,
  stackBundleOf,
  stackReportOf,
} from "../../../src/doctor/chain/index.ts";
import { bundleOf, redacted } from "../../../src/doctor/index.ts";
import { lookOf } from "../outputs.ts";
import { recordedFaults } from "./recorded.ts";

/** The report, or the code of the error. */
function outcomeOf(text: string): string {
  try {
    return JSON.stringify(reportOfStackBundle(text)).length > 2 ? "judged" : "empty";
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

describe("a stack's bundle", () => {
  test("of each fault means elsewhere what it meant here, and with --redact names no account and no ARN", () => {
    for (const { cause, facts } of recordedFaults()) {
      const text = JSON.stringify(stackBundleOf(facts));
      assert.deepEqual(reportOfStackBundle(text), stackReportOf(facts), cause);
      assert.doesNotMatch(
        JSON.stringify(redacted(stackBundleOf(facts))),
        /arn:aws|(?<!\d)\d{12}(?!\d)[^\d.]/u,
      );
      assert.doesNotMatch(JSON.stringify(redacted(stackReportOf(facts))), /arn:aws/u, cause);
    }
  });

  test("in which any one member is missing or another value is judged or refused as no bundle", () => {
    const [first] = recordedFaults();
    assert.ok(first !== undefined);
    const bundle = stackBundleOf(first.facts);
    for (const name of Object.keys(bundle.facts))
      for (const value of [undefined, null, -1, "x", [], {}, [{}], [[]], { seen: {} }]) {
        const outcome = outcomeOf(JSON.stringify({ ...bundle, facts: { ...bundle.facts, [name]: value } }));
        assert.match(outcome, /^(?:judged|bundle-invalid)$/u, `${name} ${JSON.stringify(value)}`);
      }
    assert.equal(outcomeOf(JSON.stringify({ ...bundle, version: 9 })), "bundle-invalid");
    assert.equal(outcomeOf("{}"), "bundle-invalid");
  });

  test("is told from an issuer's", async () => {
    const [first] = recordedFaults();
    assert.ok(first !== undefined);
    assert.equal(isStackBundle(JSON.stringify(stackBundleOf(first.facts))), true);
    const { facts } = await lookOf("IssuerSlash");
    assert.equal(isStackBundle(JSON.stringify(bundleOf(facts))), false);
    assert.throws(() => isStackBundle("{"), { code: "bundle-invalid" });
  });
});
