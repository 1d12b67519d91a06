import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isMasked, maskText, OwnWords, UsedValues } from "./mask.ts";
import { parseRecording, recordedAnswer, recordingText, type Recording } from "./recording.ts";

const noWords = new OwnWords([]);

const whole: Recording = {
  format: 1,
  vendor: "gcp",
  date: "2026-11-29",
  cases: [{ rule: "key-selection", case: "no kid", outcome: "granted", status: 200 }],
  questions: [{ question: "size of a token", unit: "bytes", granted: 8 }],
};

describe("what is written of a vendor's words", () => {
  for (const [what, text, masked] of [
    [
      "addresses and ids",
      "The issuer in ID Token https://a.example does not match the expected one in config: https://b.example/x.",
      "The issuer in ID Token <…> does not match the expected one in config: <…>",
    ],
    [
      "a list of values as one",
      "The audience in ID Token [a, b, c] does not match",
      "The audience in ID Token <…> does not match",
    ],
    [
      "the numbers of a request at Entra",
      "AADSTS700016: Application with identifier '6f2a' was not found in the directory 'contoso.onmicrosoft.com'. Trace ID: 1a2b Correlation ID: c3 Timestamp: 2026-11-29 04:05:06Z",
      "Application with identifier <…> was not found in the directory <…>",
    ],
    [
      "times, and not small numbers",
      "exceeds the 127 bytes limit at 1795000000",
      "exceeds the 127 bytes limit at <…>",
    ],
    ["a token", "got eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln", "got <…>"],
    [
      "a word in quotation marks",
      "in the directory 'Big Contoso Ltd' it isn't",
      "in the directory <…> it isn't",
    ],
    ["names with hyphens and underscores", "project my-shop of key_one", "project <…> of <…>"],
  ] as const)
    test(`has a gap for ${what}`, () => {
      assert.equal(maskText(text), masked);
      assert.ok(isMasked(masked));
      assert.equal(maskText(masked), masked);
    });

  const ours = new OwnWords([
    "The resource principal named 'x' was not found in the tenant named <name>. This can happen if the application has not been installed.",
    "No matching federated identity record found for presented assertion subject <subject>.",
    "The audience in ID Token [x] does not match the expected audience.",
  ]);

  for (const [what, text, kept] of [
    [
      "a company's name",
      "AADSTS500011: The resource principal named 'y' was not found in the tenant named CONTOSO BANK. This can happen if the application has not been installed.",
      "The resource principal named <…> was not found in the tenant named <…> This can happen if the application has not been installed.",
    ],
    [
      "a company's name in a sentence that has more words than ours",
      "The resource principal named 'y' was not found in the tenant named Contoso Bank by its administrator. This can happen.",
      "The resource principal named <…> was not found in the tenant named <…> This can <…>",
    ],
    [
      "a value that is a word of the sentence",
      "No matching federated identity record found for presented assertion subject record.",
      "No matching federated identity record found for presented assertion subject <…>",
    ],
    ["a sentence of nobody's", "Contoso Bank is away", "<…>"],
  ] as const)
    test(`has a gap for ${what}, and else our own words`, () => {
      assert.equal(ours.keep(text), kept);
      assert.ok(isMasked(kept));
    });

  test("is a word, a number and a masked text, whatever came", () => {
    const answer = { status: 400, code: "not a word: 1", number: 7, text: "see https://a.example" };
    const used = new OwnWords(["see https://b.example"]);
    assert.deepEqual(recordedAnswer(answer, used), {
      outcome: "refused",
      status: 400,
      code: "other",
      number: 7,
      text: "see <…>",
    });
    assert.deepEqual(recordedAnswer({ ...answer, status: 200 }, used), { outcome: "granted", status: 200 });
  });
});

describe("a recording", () => {
  test("is read back as it was written", () => {
    assert.deepEqual(parseRecording(recordingText(whole, new UsedValues(), noWords)), whole);
  });

  const [first] = whole.cases;
  for (const [what, change] of [
    ["a member of its own", { account: "111122223333" }],
    ["a case with one more member", { cases: [{ ...first, token: "x" }] }],
    ["a text that is not masked", { cases: [{ ...first, text: "of https://a.example" }] }],
    ["a code that is no word", { cases: [{ ...first, code: "a b" }] }],
    ["a case without its rule", { cases: [{ case: "x y z", outcome: "granted", status: 200 }] }],
    ["a number that is none", { cases: [{ ...first, number: "7" }] }],
    ["a vendor that is none", { vendor: "ibm" }],
    ["a question with an address", { questions: [{ question: "https://a.example", unit: "bytes" }] }],
    ["another format", { format: 2 }],
  ] as const)
    test(`is refused with ${what}`, () => {
      assert.throws(() => parseRecording(JSON.stringify({ ...whole, ...change })), /is no recording/u);
    });

  test("is written where a name of the run is a word that we publish anyway: a project may be called audience", () => {
    const used = new UsedValues();
    used.add("selection");
    const own = new OwnWords(["the selection is none"], ["key-selection"]);
    assert.deepEqual(parseRecording(recordingText(whole, used, own)), whole);
  });

  test("is not written where something in it looks like a secret", () => {
    const question = "AKIAABCDEFGHIJKLMNOP";
    const leaking = { ...whole, questions: [{ question, unit: "bytes" as const }] };
    assert.throws(
      () => recordingText(leaking, new UsedValues(), noWords),
      /^Error: an AWS access key would be written/u,
    );
  });

  test("is not written where a value of the run stands in it, and the value is not said", () => {
    const used = new UsedValues();
    used.add("selection");
    assert.throws(
      () => recordingText(whole, used, noWords),
      (error: Error) => !error.message.includes("selection"),
    );
    const parts = new UsedValues();
    parts.add(`${"a".repeat(16)}.${"b".repeat(16)}.c`);
    assert.throws(() => parts.refuseIn(`x${"b".repeat(16)}`, noWords), /would be written/u);
  });
});
