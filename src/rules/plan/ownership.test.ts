import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { awsTags, azureTags, cloudLabels, kubernetesLabels, ownershipComment } from "./index.ts";

/** What the config takes as a stack's name (src/config/schema.ts). */
const stackName = fc.stringMatching(/^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/u);
const longest = `a${"-".repeat(61)}z`;
const ownTexts = /^podtrust[/:-](?:stack|format)$/iu;
const others = fc
  .dictionary(fc.string(), fc.string())
  .map((tags) => Object.fromEntries(Object.entries(tags).filter(([key]) => !ownTexts.test(key))));

describe("ownership", () => {
  for (const [what, form] of [
    ["tags of AWS", awsTags],
    ["tags of Azure", azureTags],
    ["labels of Kubernetes", kubernetesLabels],
    ["labels of clouds", cloudLabels],
  ] as const) {
    test(`${what}: written and read again it is ours, among whatever other tags; another stack's is not`, () => {
      fc.assert(
        fc.property(stackName, stackName, others, (stack, other, beside) => {
          const tags = { ...beside, ...form.of(stack) };
          assert.deepEqual(form.ownerOf(tags, stack), { kind: "ours" });
          fc.pre(stack !== other);
          assert.deepEqual(form.ownerOf(tags, other), { kind: "other-stack", stack });
        }),
      );
    });

    test(`${what}: without our own it is none of ours, whatever else is there`, () => {
      fc.assert(
        fc.property(others, (tags) => {
          assert.equal(form.ownerOf(tags, "prod").kind, "untagged");
          for (const key of Object.keys(tags)) assert.equal(form.isOwn(key), false);
        }),
      );
    });

    test(`${what}: a newer format is reported, a damaged one is still ours`, () => {
      const keys = Object.keys(form.of("prod")).filter((key) => form.isOwn(key));
      assert.equal(keys.length, 2);
      const [, formatKey = ""] = keys;
      const of = (format: string): string =>
        form.ownerOf({ [form.stackKey]: "prod", [formatKey]: format }, "prod").kind;
      assert.deepEqual(["2", "1", "", "x"].map(of), ["newer-format", "ours", "ours", "ours"]);
      assert.deepEqual(form.ownerOf({ [form.stackKey]: "prod" }, "prod"), { kind: "ours" });
    });
  }

  test("tags of AWS are known in every case, as IAM knows those of roles; an exact spelling comes first", () => {
    const shouted = { "PODTRUST:Stack": "prod", "Podtrust:FORMAT": "1" };
    assert.deepEqual(awsTags.ownerOf(shouted, "prod"), { kind: "ours" });
    assert.ok(Object.keys(shouted).every((key) => awsTags.isOwn(key)));
    assert.equal(awsTags.stackOf({ ...shouted, ...awsTags.of("dev") }), "dev");
    assert.equal(cloudLabels.ownerOf({ "Podtrust-Stack": "prod" }, "prod").kind, "untagged");
  });

  test("labels fit the narrowest alphabet: 63 characters, letters and digits at both ends, no slash or colon", () => {
    for (const [key, value] of Object.entries(cloudLabels.of(longest))) {
      for (const text of [key, value]) assert.match(text, /^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/u);
    }
    for (const [key, value] of Object.entries(kubernetesLabels.of(longest))) {
      assert.match(key, /^(?:[a-z0-9.-]{1,253}\/)?[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/u);
      assert.match(value, /^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/u);
    }
  });

  test("comments: written and read again it is ours, with words that were added; of 100 characters at most", () => {
    assert.equal(ownershipComment.of("prod"), "podtrust stack=prod format=1");
    assert.ok(ownershipComment.of(longest).length <= 100);
    fc.assert(
      fc.property(stackName, stackName, fc.string(), (stack, other, more) => {
        const text = `${ownershipComment.of(stack)} ${more}`;
        assert.deepEqual(ownershipComment.ownerOf(text, stack), { kind: "ours" });
        fc.pre(stack !== other);
        assert.deepEqual(ownershipComment.ownerOf(text, other), { kind: "other-stack", stack });
      }),
    );
  });

  test("comments of others are none of ours, and quoted; a newer format is reported, a damaged one is still ours", () => {
    const ownerOf = (text: string): object => ownershipComment.ownerOf(text, "prod");
    assert.deepEqual(ownerOf(""), { kind: "untagged", looksLike: "an unknown owner without a comment" });
    assert.deepEqual(ownerOf("by hand"), {
      kind: "untagged",
      looksLike: 'an unknown owner with the comment "by hand"',
    });
    assert.deepEqual(ownerOf("podtrust"), {
      kind: "untagged",
      looksLike: 'an unknown owner with the comment "podtrust"',
    });
    assert.deepEqual(ownerOf("podtrust stack=prod format=2"), { kind: "newer-format", format: "2" });
    assert.deepEqual(ownerOf("podtrust stack=prod"), { kind: "ours" });
    assert.deepEqual(ownerOf("stack=prod podtrust format=1").valueOf(), {
      kind: "untagged",
      looksLike: 'an unknown owner with the comment "stack=prod podtrust format=1"',
    });
  });
});
