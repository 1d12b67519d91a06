import { PodtrustError } from "../../core/base/index.ts";

/** A file in an archive. */
export interface ArchiveFile {
  readonly name: string;
  readonly content: Buffer;
}

/** What an archive may hold: which names, and of each at most how many bytes. */
export type ArchiveBounds = Readonly<Record<string, number>>;

const block = 512;
const maxSize = 8 ** 11 - 1;
/** Where a header's fields are (POSIX.1-1988, "ustar"): offset and length in bytes. */
const fields = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  linkName: [157, 100],
  magic: [257, 8],
  rest: [265, 247],
} as const;
const magic = "ustar\u000000";
const regular = "0";

/** The error of a backup with invalid content. */
export function damaged(what: string): PodtrustError {
  return new PodtrustError("backup-damaged", `the backup's content is not what podtrust writes: ${what}`);
}

const roundedUp = (bytes: number): number => Math.ceil(bytes / block) * block;

function octal(value: number, [, length]: readonly [number, number]): string {
  return `${value.toString(8).padStart(length - 1, "0")}\0`;
}

function checksumOf(header: Buffer): number {
  const [start, length] = fields.checksum;
  let sum = 32 * length;
  for (const [index, byte] of header.entries()) if (index < start || index >= start + length) sum += byte;
  return sum;
}

function headerOf({ name, content }: ArchiveFile, seconds: number): Buffer {
  if (!/^[a-z0-9.-]{1,99}$/u.test(name) || content.length > maxSize)
    throw new TypeError(`${JSON.stringify(name)} cannot stand in an archive`);
  const header = Buffer.alloc(block);
  const put = (at: readonly [number, number], text: string): number => header.write(text, at[0], "latin1");
  put(fields.name, name);
  put(fields.mode, octal(0o600, fields.mode));
  put(fields.uid, octal(0, fields.uid));
  put(fields.gid, octal(0, fields.gid));
  put(fields.size, octal(content.length, fields.size));
  put(fields.mtime, octal(seconds, fields.mtime));
  put(fields.type, regular);
  put(fields.magic, magic);
  put(fields.checksum, `${checksumOf(header).toString(8).padStart(6, "0")}\0 `);
  return header;
}

/** Files as a tar archive (POSIX ustar) that any tar lists; `seconds` since the epoch is the time of all of them. */
export function writeArchive(files: readonly ArchiveFile[], seconds: number): Buffer {
  const parts = files.flatMap((file) => [
    headerOf(file, seconds),
    file.content,
    Buffer.alloc(roundedUp(file.content.length) - file.content.length),
  ]);
  return Buffer.concat([...parts, Buffer.alloc(2 * block)]);
}

const isZero = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0);

function textOf(header: Buffer, [start, length]: readonly [number, number]): string {
  return header.toString("latin1", start, start + length);
}

function numberOf(header: Buffer, field: readonly [number, number], what: string): number {
  const digits = /^([0-7]{1,11})[\0 ]+$/u.exec(textOf(header, field))?.[1];
  if (digits === undefined) throw damaged(`a header's ${what} is no number`);
  return Number.parseInt(digits, 8);
}

/** Reads a header; throws `backup-damaged` for anything but a regular file with one of the names. */
function readHeader(header: Buffer, bounds: ArchiveBounds): { readonly name: string; readonly size: number } {
  if (textOf(header, fields.magic) !== magic) throw damaged("it is no tar archive (ustar)");
  if (numberOf(header, fields.checksum, "checksum") !== checksumOf(header))
    throw damaged("a header's checksum is wrong");
  const [name = "", ...rest] = textOf(header, fields.name).split("\0");
  if (!Object.hasOwn(bounds, name) || rest.some((one) => one !== ""))
    throw damaged(`it has a file ${JSON.stringify(name)}, and no backup of this kind has one of that name`);
  if (textOf(header, fields.type) !== regular) throw damaged(`${name} is no regular file`);
  const [linkStart, linkLength] = fields.linkName;
  const [restStart] = fields.rest;
  const hasMore =
    !isZero(header.subarray(linkStart, linkStart + linkLength)) || !isZero(header.subarray(restStart));
  if (hasMore) throw damaged(`${name} has a link, an owner or a prefix`);
  const size = numberOf(header, fields.size, "size");
  const limit = bounds[name] ?? 0;
  if (size > limit) throw damaged(`${name} is longer than ${limit} bytes`);
  return { name, size };
}

/**
 * The files of an archive by their names. A name is only ever compared with those of `bounds`: it leads nowhere. Throws
 * `backup-damaged` for any other name, a duplicate name, a file longer than its bound, anything but a regular file, an
 * archive that was cut off, and anything behind its end.
 */
export function readArchive(archive: Buffer, bounds: ArchiveBounds): ReadonlyMap<string, Buffer> {
  const found = new Map<string, Buffer>();
  let at = 0;
  for (;;) {
    const header = archive.subarray(at, at + block);
    if (header.length < block) throw damaged("it ends too early");
    if (isZero(header)) break;
    const { name, size } = readHeader(header, bounds);
    if (found.has(name)) throw damaged(`${name} is there twice`);
    const end = at + block + size;
    const next = at + block + roundedUp(size);
    if (next > archive.length) throw damaged(`${name} is longer than the archive`);
    if (!isZero(archive.subarray(end, next))) throw damaged(`something stands behind ${name}`);
    found.set(name, archive.subarray(at + block, end));
    at = next;
  }
  const rest = archive.subarray(at);
  if (rest.length !== 2 * block || !isZero(rest))
    throw damaged("something stands behind its end, or the end is missing");
  return found;
}
