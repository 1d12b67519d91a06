/** The ad hoc signature of the programs for macOS, read back by what xnu's cs_blobs.h says of it. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { signAdHoc } from "../../tools/release/mach-o.ts";

const [segmentCommand, signatureCommand] = [0x19, 0x1d];
const textSize = 0x8000;

function segment(name: string, offset: number, size: number): Buffer {
  const bytes = Buffer.alloc(72);
  bytes.writeUInt32LE(segmentCommand, 0);
  bytes.writeUInt32LE(72, 4);
  bytes.write(name, 8);
  bytes.writeBigUInt64LE(BigInt(offset), 24);
  bytes.writeBigUInt64LE(BigInt(size), 32);
  bytes.writeBigUInt64LE(BigInt(offset), 40);
  bytes.writeBigUInt64LE(BigInt(size), 48);
  return bytes;
}

/** A program of two segments, as long as is asked. */
function programOf(linkEditSize: number): Buffer {
  const segments = [segment("__TEXT", 0, textSize), segment("__LINKEDIT", textSize, linkEditSize)];
  const commands = Buffer.concat(segments);
  const header = Buffer.alloc(32);
  [0xfeedfacf, 0x0100000c, 0, 2, segments.length, commands.length].forEach((word, index) =>
    header.writeUInt32LE(word, index * 4),
  );
  const padding = Buffer.alloc(512);
  const head = Buffer.concat([header, commands, padding]);
  return Buffer.concat([head, randomBytes(textSize - head.length + linkEditSize)]);
}

interface Signature {
  readonly offset: number;
  readonly size: number;
  readonly linkEditEnd: number;
}

function signatureOf(file: Buffer): Signature {
  let [at, found, linkEditEnd] = [32, [0, 0], 0];
  for (let index = 0; index < file.readUInt32LE(16); index += 1) {
    if (file.readUInt32LE(at) === signatureCommand)
      found = [file.readUInt32LE(at + 8), file.readUInt32LE(at + 12)];
    if (file.toString("latin1", at + 8, at + 18) === "__LINKEDIT")
      linkEditEnd = Number(file.readBigUInt64LE(at + 40) + file.readBigUInt64LE(at + 48));
    at += file.readUInt32LE(at + 4);
  }
  assert.equal(at - 32, file.readUInt32LE(20), "the load commands have the length that the header says");
  const [offset = 0, size = 0] = found;
  return { offset, size, linkEditEnd };
}

describe("a program for macOS", () => {
  for (const size of [1, 4096, 5000]) {
    test(`is signed ad hoc over every page, whatever its length: ${size} bytes behind the code`, () => {
      const signed = signAdHoc(programOf(size), "podtrust");
      const { offset, size: length, linkEditEnd } = signatureOf(signed);
      assert.deepEqual([offset % 16, offset + length, linkEditEnd], [0, signed.length, signed.length]);
      assert.equal(signed.readUInt32BE(offset), 0xfade0cc0);
      const directory = offset + signed.readUInt32BE(offset + 16);
      const field = (at: number): number => signed.readUInt32BE(directory + at);
      assert.equal(field(0), 0xfade0c02);
      // CS_ADHOC | CS_LINKER_SIGNED
      assert.equal(field(12), 0x20002);
      assert.equal(field(32), offset, "what is hashed ends where the signature begins");
      const name = directory + field(20);
      assert.equal(signed.toString("latin1", name, signed.indexOf(0, name)), "podtrust");
      const pages = field(28);
      assert.equal(pages, Math.ceil(offset / 4096));
      for (let page = 0; page < pages; page += 1) {
        const at = directory + field(16) + page * 32;
        const bytes = signed.subarray(page * 4096, Math.min((page + 1) * 4096, offset));
        const hash = createHash("sha256").update(bytes).digest();
        assert.ok(signed.subarray(at, at + 32).equals(hash), `page ${page}`);
      }
    });
  }

  test("that is signed already, or is none, is refused", () => {
    const signed = signAdHoc(programOf(100), "podtrust");
    assert.throws(() => signAdHoc(signed, "podtrust"), /signed already/u);
    assert.throws(() => signAdHoc(Buffer.from("\x7fELF".padEnd(64)), "podtrust"), /no Mach-O/u);
    const full = programOf(100);
    full.fill(1, 32 + 144, 32 + 160);
    assert.throws(() => signAdHoc(full, "podtrust"), /no room/u);
  });
});
