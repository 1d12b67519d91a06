import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import * as fc from "fast-check";
import { base64urlBytes } from "./base64url.ts";

test("base64url is read to the bytes that Node reads, and in one spelling only", () => {
  const spelled = fc.oneof(
    fc.uint8Array().map((bytes) => Buffer.from(bytes).toString("base64url")),
    fc.string({ unit: fc.constantFrom("A", "B", "z", "9", "-", "_"), maxLength: 12 }),
    fc.string({ unit: fc.constantFrom("A", "Q", "_", "+", "/", "=", " ", "\n"), maxLength: 6 }),
  );
  fc.assert(
    fc.property(spelled, (text) => {
      const bytes = Buffer.from(text, "base64url");
      const expected = bytes.toString("base64url") === text ? new Uint8Array(bytes) : undefined;
      assert.deepEqual(base64urlBytes(text), expected);
    }),
  );
});
