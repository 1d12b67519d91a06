import { createHash } from "node:crypto";
import { jwkThumbprint, type PublicJwk } from "../../rules/keys/index.ts";

/** What a publisher records of one of its keys. Times in milliseconds since the epoch, to the second. */
export interface Mark {
  /** When it was first missed in the cluster; absent while the cluster shows it. */
  readonly absentSince?: number;
  readonly distrustedAt?: number;
}

/** What one stack's publishers record of their keys, by the kid's tag; of distrusted ones also by the key's. */
export type StackMarks = ReadonlyMap<string, Mark>;

/** The same for every stack that publishes into one JWK Set. */
export type Marks = ReadonlyMap<string, StackMarks>;

// S3 takes 2 KiB of metadata, names counted.
const maxNote = 1900;
const version = "1";

/** A kid shortened for a header: 66 bits of its SHA-256. */
export function kidTag(kid: string): string {
  return createHash("sha256").update(kid).digest("base64url").slice(0, 11);
}

/** The key itself, whatever its kid, shortened: from its RFC 7638 thumbprint. */
export function keyTag(jwk: PublicJwk): string {
  return kidTag(`key ${jwkThumbprint(jwk)}`);
}

/** A time with the precision of marks: seconds. */
export function markTime(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}

const seconds = (ms: number): string => Math.floor(ms / 1000).toString(36);

function markText(tag: string, { absentSince, distrustedAt }: Mark): string {
  if (distrustedAt !== undefined) return `${tag}!${seconds(distrustedAt)}`;
  return absentSince === undefined ? tag : `${tag}~${seconds(absentSince)}`;
}

const stackText = (stack: string, marks: StackMarks): string =>
  `${stack}=${[...marks].map(([tag, mark]) => markText(tag, mark)).join(",")}`;

const textOf = (marks: Marks): string =>
  [
    version,
    ...[...marks].sort(([a], [b]) => (a < b ? -1 : 1)).map(([stack, of]) => stackText(stack, of)),
  ].join(" ");

function oldestDistrusted(marks: StackMarks): string | undefined {
  const distrusted = [...marks].filter(([, mark]) => mark.distrustedAt !== undefined);
  distrusted.sort(([, a], [, b]) => (a.distrustedAt ?? 0) - (b.distrustedAt ?? 0));
  return distrusted[0]?.[0];
}

/**
 * Marks as a header value. If there are too many, the longest distrusted keys of `own` are dropped: publishers with a
 * state directory still have them. Undefined if even that is not enough.
 */
export function renderMarks(marks: Marks, own: string): string | undefined {
  const mine = new Map(marks.get(own));
  for (;;) {
    const text = textOf(new Map(marks).set(own, mine));
    if (text.length <= maxNote) return text;
    const oldest = oldestDistrusted(mine);
    if (oldest === undefined) return undefined;
    mine.delete(oldest);
  }
}

const markForm = /^([\w-]{11})(?:([~!])([0-9a-z]{1,9}))?$/u;

function readMark(text: string): [string, Mark] | undefined {
  const [, tag = "", kind, time = ""] = markForm.exec(text) ?? [];
  if (tag === "") return undefined;
  const ms = Number.parseInt(time, 36) * 1000;
  if (kind === undefined) return [tag, {}];
  return [tag, kind === "!" ? { distrustedAt: ms } : { absentSince: ms }];
}

/** Parses them; undefined for a value that is not podtrust's, or of a later version. */
export function parseMarks(note: string | undefined): Marks | undefined {
  const [first, ...stacks] = (note ?? version).split(" ");
  if (first !== version) return undefined;
  const marks = new Map<string, StackMarks>();
  for (const part of stacks) {
    const [, stack = "", list = ""] = /^([a-z0-9-]{1,63})=(.*)$/u.exec(part) ?? [];
    const read = list === "" ? [] : list.split(",").map(readMark);
    if (stack === "" || read.includes(undefined)) return undefined;
    marks.set(stack, new Map(read.filter((mark) => mark !== undefined)));
  }
  return marks;
}
