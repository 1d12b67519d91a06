import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { allBytesOf, bytesField, bytesOf, numberField, numberOf } from "./index.ts";

describe("fields of a protobuf message", () => {
  const message = Buffer.concat([
    bytesField(1, "a"),
    numberField(2, 300),
    bytesField(1, "b"),
    bytesField(16, Buffer.alloc(200, 1)),
    // A fixed64 and a fixed32, which nobody asks for.
    Buffer.from([0x19, 0, 0, 0, 0, 0, 0, 0, 0, 0x25, 0, 0, 0, 0]),
  ]);

  test("are read as they were written: a repeated one in its order, a single one as its last", () => {
    assert.deepEqual(allBytesOf(message, 1).map(String), ["a", "b"]);
    assert.equal(bytesOf(message, 1).toString(), "b");
    assert.equal(bytesOf(message, 16).length, 200);
    assert.equal(numberOf(message, 2), 300);
  });

  test("are empty and 0 where there are none, or of another kind", () => {
    assert.deepEqual([allBytesOf(message, 7), bytesOf(message, 2).length, numberOf(message, 1)], [[], 0, 0]);
    assert.deepEqual([bytesField(1, "").length, numberField(1, 0).length], [0, 0]);
  });

  test("of a message that is cut off anywhere within a field, or malformed, are refused", () => {
    const one = Buffer.concat([bytesField(1, "abc"), numberField(2, 300)]);
    for (const end of [1, 2, 4, 6, 7]) assert.throws(() => bytesOf(one.subarray(0, end), 1), RangeError);
    assert.throws(() => numberOf(Buffer.alloc(11, 0xff), 1), RangeError);
    assert.throws(() => bytesOf(Buffer.from([0x0b]), 1), RangeError);
  });
});
