import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import {
  awsTags,
  azureTags,
  cloudLabels,
  kubernetesLabels,
  markedComment,
  namedStack,
  ownershipComment,
  ownerText,
  stackRemark,
} from "./index.ts";

/** What the config takes as a stack's name (src/config/schema.ts). */
const stackName = fc.stringMatching(/^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/u);
/** What it takes as an identity. */
const identity = fc.stringMatching(/^[0-9a-f]{8}$/u);
const longest = { stack: `a${"-".repeat(61)}z`, identity: "3f2a91bc" };
const prod = { stack: "prod", identity: "3f2a91bc" };
const ownTexts = /^podtrust[/:-](?:stack|identity|format)$/iu;
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
        fc.property(stackName, stackName, identity, others, (stack, other, id, beside) => {
          const tags = { ...beside, ...form.of({ stack, identity: id }) };
          assert.deepEqual(form.ownerOf(tags, { stack, identity: id }), { kind: "ours" });
          fc.pre(stack !== other);
          assert.deepEqual(form.ownerOf(tags, { stack: other, identity: id }), {
            kind: "other-stack",
            stack,
          });
        }),
      );
    });

    test(`${what}: the same name with another identity is another's; without one it is ours by its name`, () => {
      fc.assert(
        fc.property(stackName, identity, identity, others, (stack, id, wanted, beside) => {
          fc.pre(id !== wanted);
          const tags = { ...beside, ...form.of({ stack, identity: id }) };
          const owner = { kind: "other-identity", stack, identity: id, wanted };
          assert.deepEqual(form.ownerOf(tags, { stack, identity: wanted }), owner);
          assert.deepEqual(form.ownerOf(tags, namedStack(stack)), { kind: "ours" });
          const named = { ...beside, ...form.of(namedStack(stack)) };
          assert.equal(form.identityKey in named, false);
          assert.deepEqual(form.ownerOf(named, { stack, identity: id }), { kind: "ours", byName: true });
          assert.deepEqual(form.ownerOf(named, namedStack(stack)), { kind: "ours" });
          assert.equal(form.isSameOwner(tags, form.of({ stack, identity: id })), true);
          assert.equal(form.isSameOwner(tags, form.of({ stack, identity: wanted })), false);
          assert.equal(form.isSameOwner(tags, named), false);
        }),
      );
    });

    test(`${what}: an identity that is none is still not ours`, () => {
      const tags = { ...form.of(prod), [form.identityKey]: "what?" };
      assert.equal(form.ownerOf(tags, prod).kind, "other-identity");
      assert.deepEqual(form.ownerOf({ ...tags, [form.identityKey]: "" }, prod), {
        kind: "ours",
        byName: true,
      });
    });

    test(`${what}: without our own it is none of ours, whatever else is there`, () => {
      fc.assert(
        fc.property(others, (tags) => {
          assert.equal(form.ownerOf(tags, prod).kind, "untagged");
          for (const key of Object.keys(tags)) assert.equal(form.isOwn(key), false);
        }),
      );
    });

    test(`${what}: a newer format is reported, a damaged one is still ours`, () => {
      const keys = Object.keys(form.of(prod)).filter((key) => form.isOwn(key));
      assert.equal(keys.length, 3);
      const [, , formatKey = ""] = keys;
      const of = (format: string): string =>
        form.ownerOf({ ...form.of(prod), [formatKey]: format }, prod).kind;
      assert.deepEqual(["2", "1", "", "x"].map(of), ["newer-format", "ours", "ours", "ours"]);
      assert.deepEqual(form.ownerOf({ [form.stackKey]: "prod" }, prod), { kind: "ours", byName: true });
    });
  }

  test("tags of AWS are known in every case, as IAM knows those of roles; an exact spelling comes first", () => {
    const shouted = { "PODTRUST:Stack": "prod", "podtrust:IDENTITY": "3f2a91bc", "Podtrust:FORMAT": "1" };
    assert.deepEqual(awsTags.ownerOf(shouted, prod), { kind: "ours" });
    assert.ok(Object.keys(shouted).every((key) => awsTags.isOwn(key)));
    assert.equal(awsTags.stackOf({ ...shouted, ...awsTags.of(namedStack("dev")) }), "dev");
    assert.equal(cloudLabels.ownerOf({ "Podtrust-Stack": "prod" }, prod).kind, "untagged");
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
    assert.equal(ownershipComment.of(prod), "podtrust stack=prod format=1 id=3f2a91bc");
    assert.ok(ownershipComment.of(longest).length <= 100);
    fc.assert(
      fc.property(
        fc.tuple(stackName, stackName),
        fc.tuple(identity, identity),
        fc.string(),
        (names, ids, more) => {
          const [[stack, other], [id, wanted]] = [names, ids];
          const text = `${ownershipComment.of({ stack, identity: id })} ${more}`;
          assert.deepEqual(ownershipComment.ownerOf(text, { stack, identity: id }), { kind: "ours" });
          fc.pre(stack !== other && id !== wanted);
          assert.deepEqual(ownershipComment.ownerOf(text, { stack: other, identity: id }), {
            kind: "other-stack",
            stack,
          });
          const owner = { kind: "other-identity", stack, identity: id, wanted };
          assert.deepEqual(ownershipComment.ownerOf(text, { stack, identity: wanted }), owner);
        },
      ),
    );
  });

  test("comments of others are none of ours, and quoted; a newer format is reported, a damaged one is still ours", () => {
    const ownerOf = (text: string): object => ownershipComment.ownerOf(text, prod);
    assert.deepEqual(ownerOf(""), { kind: "untagged", looksLike: "an unknown owner without a comment" });
    for (const text of ["by hand", "podtrust", "stack=prod podtrust format=1"]) {
      const looksLike = `an unknown owner with the comment "${text}"`;
      assert.deepEqual(ownerOf(text), { kind: "untagged", looksLike });
    }
    assert.deepEqual(ownerOf("podtrust stack=prod format=2"), { kind: "newer-format", format: "2" });
    assert.deepEqual(ownerOf("podtrust stack=prod id=3f2a91bc"), { kind: "ours" });
    assert.deepEqual(ownerOf("podtrust stack=prod format=1"), { kind: "ours", byName: true });
  });

  test("a mark gets the identity that it lacks beside the words that are there, and what is marked stays as it is", () => {
    const marked = (before: string, most = 100): string => markedComment(before, prod, most);
    const mark = ownershipComment.of(prod);
    assert.equal(marked(""), mark);
    assert.equal(marked("ask ops"), `${mark} ask ops`);
    assert.equal(marked("podtrust stack=prod format=1 ask ops"), `${mark} ask ops`);
    assert.equal(marked(`${mark} ask ops`), `${mark} ask ops`);
    assert.equal(marked("ask ops", mark.length + 3), mark);
    assert.equal(marked("podtrust stack=dev format=1 ask ops"), mark);
    assert.equal(stackRemark("prod"), "podtrust stack=prod format=1");
  });

  test("another stack of the same name is told by both identities", () => {
    const owner = {
      kind: "other-identity",
      stack: "prod",
      identity: "b0b0b0b0",
      wanted: "3f2a91bc",
    } as const;
    assert.equal(
      ownerText(owner),
      'another podtrust stack "prod" (identity b0b0b0b0; this config\'s is 3f2a91bc)',
    );
  });
});
