/** Bundles of stacks: what was recorded of each fault, as it is sent and received. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { reportOfStackBundle, stackBundleOf, stackReportOf } from "../../../src/doctor/chain/index.ts";
import { bundleOf, isStackBundle, redacted } from "../../../src/doctor/index.ts";
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

type Path = readonly string[];

/** Where the texts, numbers and truths below a place are. */
function leavesOf(whole: unknown, path: Path): readonly Path[] {
  const value = path.reduce((inside, name) => (inside as Record<string, unknown>)[name], whole);
  if (typeof value !== "object" || value === null) return [path];
  return Object.keys(value).flatMap((name) => leavesOf(whole, [...path, name]));
}

/** A copy with another value in one place. */
function changed(whole: object, path: Path, value: unknown): object {
  const copy = structuredClone(whole) as Record<string, unknown>;
  const last = path.at(-1) ?? "";
  const inside = path.slice(0, -1).reduce((at, name) => at[name] as Record<string, unknown>, copy);
  inside[last] = value;
  return copy;
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

  test("in which any value, however deep, is of another kind is refused, and unknown members are left out", () => {
    for (const { facts } of recordedFaults().slice(0, 3)) {
      const bundle = JSON.parse(JSON.stringify(stackBundleOf(facts))) as object;
      const at = leavesOf(bundle, ["facts"]);
      assert.ok(at.length > 50, `${at.length} values`);
      for (const path of at)
        assert.equal(outcomeOf(JSON.stringify(changed(bundle, path, {}))), "bundle-invalid", path.join("."));
      const more = changed(bundle, ["facts", "unknown"], [{ __proto__: null, x: 1 }]);
      assert.deepEqual(reportOfStackBundle(JSON.stringify(more)), stackReportOf(facts));
    }
  });

  test("differs from an issuer's", async () => {
    const [first] = recordedFaults();
    assert.ok(first !== undefined);
    assert.equal(isStackBundle(JSON.stringify(stackBundleOf(first.facts))), true);
    const { facts } = await lookOf("IssuerSlash");
    assert.equal(isStackBundle(JSON.stringify(bundleOf(facts))), false);
    assert.throws(() => isStackBundle("{"), { code: "bundle-invalid" });
  });
});
