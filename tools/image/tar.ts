import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";

/** What stands at one path; paths are relative, without a slash at the end. */
export interface TarEntry {
  readonly path: string;
  /** Permissions: 0o755. */
  readonly mode: number;
  /** A folder, the bytes of a file, the path of a file whose bytes they are, or what a symbolic link points to. */
  readonly content:
    | "folder"
    | { readonly bytes: Buffer }
    | { readonly from: string }
    | { readonly link: string };
}

const block = 512;

/** The name and prefix of ustar, of 100 and 155 bytes. */
function split(path: string): readonly [name: string, prefix: string] {
  if (Buffer.byteLength(path) <= 100) return [path, ""];
  const slash = path.indexOf("/", path.length - 101);
  const [prefix, name] = [path.slice(0, slash), path.slice(slash + 1)];
  if (slash < 0 || Buffer.byteLength(prefix) > 155 || Buffer.byteLength(name) > 100)
    throw new RangeError(`the path is too long for a tar: ${path}`);
  return [name, prefix];
}

function header(entry: TarEntry, size: number): Buffer {
  const folder = entry.content === "folder";
  const bytes = Buffer.alloc(block);
  const [name, prefix] = split(folder ? `${entry.path}/` : entry.path);
  const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, "0")}\0`;
  bytes.write(name, 0);
  bytes.write(octal(entry.mode, 8), 100);
  // Owner, group and time are 0: the same files give the same bytes.
  bytes.write(octal(0, 8), 108);
  bytes.write(octal(0, 8), 116);
  bytes.write(octal(size, 12), 124);
  bytes.write(octal(0, 12), 136);
  bytes.write(" ".repeat(8), 148);
  const link = typeof entry.content === "object" && "link" in entry.content ? entry.content.link : "";
  bytes.write(folder ? "5" : link === "" ? "0" : "2", 156);
  bytes.write(link, 157, 100);
  bytes.write("ustar\u000000", 257);
  bytes.write(prefix, 345);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return bytes;
}

function bytesOf({ content }: TarEntry): Buffer {
  if (content === "folder" || "link" in content) return Buffer.alloc(0);
  return "bytes" in content ? content.bytes : readFileSync(content.from);
}

/** Writes a tar (POSIX.1-1988, ustar) and gives the SHA-256 of its bytes, hex, and how many they are. */
export function writeTar(file: string, entries: readonly TarEntry[]): { sha256: string; size: number } {
  const hash = createHash("sha256");
  const output = openSync(file, "w");
  let size = 0;
  const put = (bytes: Buffer): void => {
    hash.update(bytes);
    for (let done = 0; done < bytes.length;) done += writeSync(output, bytes, done);
    size += bytes.length;
  };
  try {
    for (const entry of entries) {
      const bytes = bytesOf(entry);
      put(header(entry, bytes.length));
      put(bytes);
      put(Buffer.alloc((block - (bytes.length % block)) % block));
    }
    put(Buffer.alloc(2 * block));
  } finally {
    closeSync(output);
  }
  return { sha256: hash.digest("hex"), size };
}
