import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as der from "./der.ts";
import { DerError, elementsOf } from "./read.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("DER", () => {
  test("a length takes one octet up to 127, then as many as it needs", () => {
    assert.equal(hex(der.octetString(Buffer.alloc(127))).slice(0, 4), "047f");
    assert.equal(hex(der.octetString(Buffer.alloc(128))).slice(0, 6), "048180");
    assert.equal(hex(der.octetString(Buffer.alloc(256))).slice(0, 8), "04820100");
    assert.equal(hex(der.octetString(Buffer.alloc(70_000))).slice(0, 10), "0483011170");
  });

  test("object identifiers, integers, times and tags as X.690 has them", () => {
    assert.equal(hex(der.objectIdentifier("1.2.840.10045.4.3.2")), "06082a8648ce3d040302");
    assert.equal(hex(der.objectIdentifier("1.3.6.1.5.5.7.1.31")), "06082b0601050507011f");
    assert.equal(hex(der.integer(Buffer.of(0x7f))), "02017f");
    assert.equal(hex(der.integer(Buffer.of(0x80))), "02020080");
    assert.equal(der.time(new Date("2026-11-25T01:02:03.456Z")).toString("latin1"), "\u0017\r261125010203Z");
    assert.equal(hex(der.explicit(3, der.sequence())), "a3023000");
    assert.equal(hex(der.implicit(2, Buffer.from("a"))), "820161");
    assert.equal(hex(der.bitString(Buffer.of(1))), "03020001");
  });

  test("a value that was written is read, and one that is cut off is not", () => {
    const written = der.sequence(der.utf8String("ü"), der.octetString(Buffer.alloc(300)));
    const [outer] = elementsOf(written);
    assert.deepEqual(
      elementsOf(outer?.content ?? Buffer.of()).map(({ tag, content }) => [tag, content.length]),
      [
        [0x0c, 2],
        [0x04, 300],
      ],
    );
    for (let size = 1; size < written.length; size += 1) {
      assert.throws(() => elementsOf(written.subarray(0, size)), DerError);
    }
  });

  test("named bits leave the zeros at their end out, and count them", () => {
    assert.equal(hex(der.namedBits(0x80)), "03020780");
    assert.equal(hex(der.namedBits(0x06)), "03020106");
    assert.equal(hex(der.namedBits(0x01)), "03020001");
    assert.equal(hex(der.namedBits(0)), "030100");
  });

  for (const [what, bytes, said] of [
    ["a length of no end", Buffer.from("04800000", "hex"), /no known form/u],
    [
      "a length in four octets",
      Buffer.concat([Buffer.from("048400000100", "hex"), Buffer.alloc(256)]),
      /no known form/u,
    ],
    ["a short length in long form", Buffer.from("04810101", "hex"), /longer than it needs/u],
    [
      "a length with a zero in front",
      Buffer.concat([Buffer.from("04820080", "hex"), Buffer.alloc(128)]),
      /longer than it needs/u,
    ],
    ["a tag number above 30", Buffer.from("1f810100", "hex"), /tag of more than one octet/u],
    ["a tag alone", Buffer.from("04", "hex"), /cut off/u],
    ["a length without its octets", Buffer.from("0482", "hex"), /cut off/u],
    ["more than 128 KiB", der.octetString(Buffer.alloc(128 * 1024)), /more than 131072 bytes/u],
  ] as const) {
    test(`is not read from ${what}`, () => {
      assert.throws(
        () => elementsOf(bytes),
        (error) => error instanceof DerError && said.test(error.message),
      );
    });
  }

  test("is read at its longest: 128 KiB", () => {
    const longest = der.octetString(Buffer.alloc(128 * 1024 - 5));
    assert.equal(longest.length, 128 * 1024);
    assert.equal(elementsOf(longest)[0]?.content.length, 128 * 1024 - 5);
  });
});
