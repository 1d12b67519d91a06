/** The lists of planted faults stay true to the stand-ins' sources; the suites that plant them need Go. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { faultsOf } from "../support/planted-faults/list.ts";

const sandbox = join(import.meta.dirname, "../../src/sandbox");
const faults = faultsOf(join(import.meta.dirname, "../cluster/clouds/faults/*.yaml"));

/** A line that refuses something. */
const refusal = /\bthrow\b|\.blame\(|(?:faults|messages)\.push\(/u;

/** Refusals that no client can bring about, or that say the same as the line above in types. */
const unreachable = new Set([
  // A project would need all of the addresses that documentation may use.
  'throw new HetznerApiError(403, "resource_limit_exceeded", "primary IP limit exceeded", {',
  'if (blob === undefined) throw invalidInput([{ name: "public_key", messages: ["SSH key is invalid"] }]);',
  "this.#faults.push({ name, messages: [message] });",
]);

/** The lines of a file that a fault touches, and one more on each side. */
function touched(file: string, text: string): ReadonlySet<number> {
  const lines = faults
    .filter((fault) => fault.file === file)
    .flatMap(({ from }) => {
      const first = text.slice(0, text.indexOf(from)).split("\n").length;
      return Array.from({ length: from.split("\n").length + 2 }, (_, index) => first - 1 + index);
    });
  return new Set(lines);
}

describe("the planted faults of the stand-ins for clouds", () => {
  test("each stand once in their file, so that every one of them breaks something", () => {
    const wrong = faults.flatMap(({ file, rule, from, to }) => {
      const places = readFileSync(join(sandbox, file), "utf8").split(from).length - 1;
      return places === 1 && from !== to ? [] : [`${file}: "${rule}" stands ${places} times: ${from}`];
    });
    assert.deepEqual(wrong, []);
    assert.ok(faults.length > 500);
  });

  test("break each line that refuses something, or one beside it", () => {
    const missed = globSync("{cloudflare,hetzner}/*.ts", { cwd: sandbox }).flatMap((file) => {
      const text = readFileSync(join(sandbox, file), "utf8");
      const known = touched(file, text);
      return text
        .split("\n")
        .map((line, index) => ({ line: line.trim(), number: index + 1 }))
        .filter(
          ({ line, number }) =>
            refusal.test(line) && !line.startsWith("*") && !line.startsWith("/**") && !known.has(number),
        )
        .filter(({ line }) => !unreachable.has(line))
        .map(({ line, number }) => `${file}:${number}: ${line}`);
    });
    assert.deepEqual(missed, [], "a rule of a stand-in without a fault in test/cluster/clouds/faults/");
  });
});
