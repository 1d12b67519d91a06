import { PodtrustError } from "../base/index.ts";

/** A part of the header that gives the file key to one recipient. */
export interface Stanza {
  /** Its type, then its arguments. */
  readonly words: readonly string[];
  readonly body: Buffer;
}

/** A header as it was read. */
export interface Header {
  readonly stanzas: readonly Stanza[];
  /** What its MAC covers. */
  readonly text: Buffer;
  readonly mac: Buffer;
  /** Where the payload begins. */
  readonly end: number;
}

const version = "age-encryption.org/v1";
const columns = 64;
// A header for twenty recipients is a fifth of this.
const maxHeader = 16 * 1024;
const maxStanzas = 64;

/** The error of what is no age file, or a damaged one. */
export function damaged(what: string): PodtrustError {
  return new PodtrustError("age-damaged", `it cannot be decrypted: ${what}`);
}

/** Base64 without padding. */
export function base64(bytes: Buffer): string {
  return bytes.toString("base64").replaceAll("=", "");
}

/** Reads that, in its canonical form only. Throws `age-damaged`. */
export function unBase64(text: string): Buffer {
  const bytes = Buffer.from(text, "base64");
  if (base64(bytes) !== text) throw damaged("its header has a value that is no base64");
  return bytes;
}

function wrapped(text: string): string {
  const lines: string[] = [];
  for (let at = 0; at <= text.length; at += columns) lines.push(text.slice(at, at + columns));
  return lines.join("\n");
}

/** The part of a header that its MAC covers. */
export function headerText(stanzas: readonly Stanza[]): string {
  const parts = stanzas.map(({ words, body }) => `-> ${words.join(" ")}\n${wrapped(base64(body))}\n`);
  return `${version}\n${parts.join("")}---`;
}

/** The lines of a header, one by one. */
class Lines {
  readonly #file: Buffer;
  at = 0;

  constructor(file: Buffer) {
    this.#file = file;
  }

  next(): string {
    const end = this.#file.subarray(0, maxHeader).indexOf("\n", this.at);
    if (end < 0) throw damaged("its header has no end");
    const line = this.#file.toString("latin1", this.at, end);
    this.at = end + 1;
    return line;
  }
}

function bodyOf(lines: Lines): Buffer {
  let text = "";
  for (;;) {
    const line = lines.next();
    if (line.length > columns) throw damaged("its header has a line that is too long");
    text += line;
    if (line.length < columns) return unBase64(text);
  }
}

function stanzaOf(line: string, lines: Lines): Stanza {
  const words = line.slice(3).split(" ");
  const areWords = line.startsWith("-> ") && words.every((word) => /^[\x21-\x7e]+$/u.test(word));
  if (!areWords) throw damaged("its header has a line that is no recipient's");
  return { words, body: bodyOf(lines) };
}

/** Reads the header of an age file. Throws `age-damaged`. */
export function readHeader(file: Buffer): Header {
  const lines = new Lines(file);
  if (file.subarray(0, version.length).toString("latin1") !== version || lines.next() !== version)
    throw damaged("it is no file of age's format, version 1");
  const stanzas: Stanza[] = [];
  for (;;) {
    const start = lines.at;
    const line = lines.next();
    if (line.startsWith("--- ")) {
      if (stanzas.length === 0) throw damaged("its header names no recipient");
      const mac = unBase64(line.slice(4));
      return { stanzas, mac, text: file.subarray(0, start + 3), end: lines.at };
    }
    if (stanzas.length === maxStanzas) throw damaged(`its header names more than ${maxStanzas} recipients`);
    stanzas.push(stanzaOf(line, lines));
  }
}
