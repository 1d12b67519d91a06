import { createHash } from "node:crypto";

/*
 * Mach-O (mach-o/loader.h) and its embedded signature (cs_blobs.h of xnu). All of a load command is in the file's own
 * order, little-endian; all of a signature is big-endian.
 */
const magic64 = 0xfeedfacf;
const headerSize = 32;
const command = { segment64: 0x19, codeSignature: 0x1d } as const;
const pageSize = 4096;
const hashSize = 32;
/** CS_ADHOC and CS_LINKER_SIGNED: what linkers give a program that has no signer and was not changed. */
const flags = 0x2_0002;
const embeddedSignature = 0xfade0cc0;
const codeDirectory = 0xfade0c02;
/** The first version with an executable segment. */
const directoryVersion = 0x2_0400;
const directoryHeader = 88;
const superHeader = 20;

interface Segment {
  /** Of its load command, in the file. */
  readonly at: number;
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

interface Layout {
  readonly segments: readonly Segment[];
  readonly commandsEnd: number;
  readonly hasSignature: boolean;
}

function layoutOf(file: Buffer): Layout {
  if (file.readUInt32LE(0) !== magic64) throw new TypeError("this is no Mach-O file of 64 bits");
  const segments: Segment[] = [];
  let hasSignature = false;
  let at = headerSize;
  for (let index = 0; index < file.readUInt32LE(16); index += 1) {
    const kind = file.readUInt32LE(at);
    if (kind === command.codeSignature) hasSignature = true;
    if (kind === command.segment64) {
      segments.push({
        at,
        name: file.toString("latin1", at + 8, at + 24).replaceAll("\0", ""),
        offset: Number(file.readBigUInt64LE(at + 40)),
        size: Number(file.readBigUInt64LE(at + 48)),
      });
    }
    at += file.readUInt32LE(at + 4);
  }
  return { segments, commandsEnd: at, hasSignature };
}

function segmentOf({ segments }: Layout, name: string): Segment {
  const found = segments.find((segment) => segment.name === name);
  if (found === undefined) throw new TypeError(`the program has no segment ${name}`);
  return found;
}

const roundUp = (value: number, to: number): number => Math.ceil(value / to) * to;

function directorySize(identifier: string, codeSize: number): number {
  return directoryHeader + Buffer.byteLength(identifier) + 1 + Math.ceil(codeSize / pageSize) * hashSize;
}

/** The hashes of all pages of the code, behind what they are about. */
function directoryOf(code: Buffer, identifier: string, text: Segment): Buffer {
  const size = directorySize(identifier, code.length);
  const pages = Math.ceil(code.length / pageSize);
  const bytes = Buffer.alloc(size);
  const hashes = size - pages * hashSize;
  const words = [
    codeDirectory,
    size,
    directoryVersion,
    flags,
    hashes,
    directoryHeader,
    0,
    pages,
    code.length,
  ];
  words.forEach((word, index) => bytes.writeUInt32BE(word, index * 4));
  // SHA-256 of pages of 2^12 bytes.
  bytes.set([hashSize, 2, 0, 12], 36);
  bytes.writeBigUInt64BE(BigInt(text.offset), 64);
  bytes.writeBigUInt64BE(BigInt(text.size), 72);
  // CS_EXECSEG_MAIN_BINARY
  bytes.writeBigUInt64BE(1n, 80);
  bytes.write(identifier, directoryHeader);
  for (let page = 0; page < pages; page += 1) {
    const part = code.subarray(page * pageSize, (page + 1) * pageSize);
    bytes.set(createHash("sha256").update(part).digest(), hashes + page * hashSize);
  }
  return bytes;
}

/**
 * Signs a program ad hoc, as Apple's linker does: without a key, so that macOS runs it and detects when it was
 * changed. The program must have no signature yet. Throws TypeError for what is no such program.
 */
export function signAdHoc(program: Buffer, identifier: string): Buffer {
  const layout = layoutOf(program);
  if (layout.hasSignature) throw new TypeError("the program is signed already");
  const [linkEdit, text] = [segmentOf(layout, "__LINKEDIT"), segmentOf(layout, "__TEXT")];
  if (linkEdit.offset + linkEdit.size !== program.length)
    throw new TypeError("the program goes on behind __LINKEDIT");
  // The new load command takes room that linkers leave before the first section.
  const room = program.subarray(layout.commandsEnd, layout.commandsEnd + 16);
  if (room.some((byte) => byte !== 0)) throw new TypeError("there is no room for a load command");
  const offset = roundUp(program.length, 16);
  const size = roundUp(superHeader + directorySize(identifier, offset), 16);
  const signed = Buffer.alloc(offset + size);
  program.copy(signed);
  const inLinkEdit = offset + size - linkEdit.offset;
  signed.writeBigUInt64LE(BigInt(roundUp(inLinkEdit, 0x4000)), linkEdit.at + 32);
  signed.writeBigUInt64LE(BigInt(inLinkEdit), linkEdit.at + 48);
  signed.writeUInt32LE(program.readUInt32LE(16) + 1, 16);
  signed.writeUInt32LE(program.readUInt32LE(20) + 16, 20);
  [command.codeSignature, 16, offset, size].forEach((word, index) =>
    signed.writeUInt32LE(word, layout.commandsEnd + index * 4),
  );
  const directory = directoryOf(signed.subarray(0, offset), identifier, text);
  const whole = superHeader + directory.length;
  [embeddedSignature, whole, 1, 0, superHeader].forEach((word, index) =>
    signed.writeUInt32BE(word, offset + index * 4),
  );
  directory.copy(signed, offset + superHeader);
  return signed;
}
