import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { array, asyncProperty, assert as holds, integer, nat } from "fast-check";
import { linesOf } from "./lines.ts";

async function* pieces(text: string, sizes: readonly number[]): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  let at = 0;
  for (const size of [...sizes, bytes.length]) {
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function read(text: string, sizes: readonly number[], maxBytes = 1000): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of linesOf(pieces(text, sizes), maxBytes)) lines.push(line.toString());
  return lines;
}

describe("the lines of a stream", () => {
  test("lines come whole, wherever the pieces are cut, and a last one without its end is none", async () => {
    await holds(
      asyncProperty(
        array(nat(200), { maxLength: 8 }),
        array(integer({ min: 0, max: 9 })),
        async (lengths, sizes) => {
          const lines = lengths.map((length) => "é".repeat(length));
          assert.deepEqual(await read(`${lines.map((line) => `${line}\n`).join("")}cut`, sizes), lines);
        },
      ),
    );
  });

  test("a line of a byte too many is an error before it has come whole, in one piece or in many", async () => {
    assert.deepEqual(await read("aaaa\n", [], 4), ["aaaa"]);
    for (const sizes of [[], [1, 1, 1, 1, 1], [5]]) {
      await assert.rejects(read("aaaaa\n", sizes, 4), {
        name: "RangeError",
        message: /longer than 4 bytes/u,
      });
      await assert.rejects(read("aaaaa", sizes, 4), RangeError);
    }
  });
});
