/** Large texts of YAML: what a reading takes of a processor. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readYamlStream } from "../../src/core/yaml/index.ts";
import { ownTime } from "../support/processor-time.ts";

/** Texts whose reading took the parser's own door the square of their length, or all memory. */
const slow: readonly (readonly [what: string, unit: string | ((index: number) => string)])[] = [
  ["open lists", "["],
  ["open mappings", "{a: "],
  ["lists in lists", "- "],
  ["keys of keys", "? "],
  ["many keys", (index) => `k${index}: 1\n`],
  ["many keys in braces", (index) => (index === 0 ? "{" : `k${index},`)],
  ["anchors that are all referred to", (index) => `- &a${index} 1\n- *a${index}\n`],
  ["quotes", '"'],
  ["a text of line breaks", (index) => (index === 0 ? '"' : "\n")],
  ["a folded text of blank lines", (index) => (index === 0 ? "a: >\n" : " x\n\n")],
  ["documents", "--- a\n"],
  ["directives", "%A\n"],
  ["tags", "! "],
  ["comments", "a: 1 #\n"],
];

// One of them took a minute before; a second is plenty on any machine, and another nine for a busy one.
const longest = 10_000;

for (const [what, unit] of slow) {
  test(`four mebibytes of ${what} are read or refused without taking the processor`, async () => {
    const parts: string[] = [];
    for (let size = 0, index = 0; size < 4 * 1024 * 1024; index += 1) {
      const part = typeof unit === "string" ? unit : unit(index);
      parts.push(part);
      size += part.length;
    }
    const text = parts.join("").slice(0, 4 * 1024 * 1024);
    const bounds = { bytes: 4 * 1024 * 1024, depth: 64, tokens: 200_000, documents: 1000 };
    const took = await ownTime(() => readYamlStream(text, bounds));
    assert.ok(took < longest, `${took} ms`);
  });
}
