import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32c } from "./secrets.ts";

test("the checksum of a secret is CRC-32C: its standard's own example comes out", () =>
  assert.equal(crc32c(Buffer.from("123456789")), 0xe3069283));
