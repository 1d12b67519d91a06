import { isRecord, type JsonRecord, isTexts } from "../../core/base/index.ts";
import { invalid } from "./refusal.ts";

const wrongType = (name: string, what: string): never => invalid(`Invalid value at '${name}' (${what}).`);

/** A text, empty if absent, with a maximum length. Throws INVALID_ARGUMENT. */
export function textField(body: JsonRecord, name: string, max: number): string {
  const value = body[name] ?? "";
  if (typeof value !== "string") return wrongType(name, "TYPE_STRING");
  if (value.length > max)
    invalid(`The ${name} exceeds the limit of ${max} characters.`, {
      why: `${name} has ${value.length} characters`,
      next: `Shorten ${name} to ${max} characters.`,
    });
  return value;
}

/** A boolean, false if absent. Throws INVALID_ARGUMENT. */
export function flagField(body: JsonRecord, name: string): boolean {
  const value = body[name] ?? false;
  return typeof value === "boolean" ? value : wrongType(name, "TYPE_BOOL");
}

/** A list of texts, empty if absent. Throws INVALID_ARGUMENT. */
export function textsField(body: JsonRecord, name: string): readonly string[] {
  const value = body[name] ?? [];
  return isTexts(value) ? value : wrongType(name, "repeated TYPE_STRING");
}

/** Texts by name, none if absent. Throws INVALID_ARGUMENT. */
export function mapField(body: JsonRecord, name: string): Readonly<Record<string, string>> {
  const value = body[name] ?? {};
  const isMap = isRecord(value) && Object.values(value).every((one) => typeof one === "string");
  return isMap ? (value as Readonly<Record<string, string>>) : wrongType(name, "map of TYPE_STRING");
}

/** An object, empty if absent. Throws INVALID_ARGUMENT. */
export function objectField(body: JsonRecord, name: string): JsonRecord {
  const value = body[name] ?? {};
  return isRecord(value) ? value : wrongType(name, "TYPE_MESSAGE");
}

/** The paths of a patch's `updateMask`, each a known one. Throws INVALID_ARGUMENT. */
export function maskOf(query: URLSearchParams, known: readonly string[]): ReadonlySet<string> {
  const paths = query
    .getAll("updateMask")
    .flatMap((mask) => mask.split(","))
    .filter((path) => path !== "");
  if (paths.length === 0)
    invalid("The update_mask is required.", { next: `Name what changes: updateMask=${known.join(",")}.` });
  const foreign = paths.find((path) => !known.includes(path));
  if (foreign !== undefined)
    invalid(`Invalid update mask: ${foreign.slice(0, 200)}.`, { next: `It may have ${known.join(", ")}.` });
  return new Set(paths);
}

/** Parameters of a list, and its largest page. */
export interface Listing<T> {
  readonly items: readonly T[];
  readonly key: string;
  readonly maxSize: number;
  readonly show: (item: T) => object;
}

const defaultSize = 50;

function sizeOf(text: string | null, maxSize: number): number {
  if (text === null || text === "" || text === "0") return Math.min(defaultSize, maxSize);
  if (!/^\d{1,9}$/u.test(text))
    return invalid("Invalid page size.", { why: `pageSize is ${text.slice(0, 100)}` });
  return Math.min(Number(text), maxSize);
}

function startOf(token: string | null): number {
  if (token === null || token === "") return 0;
  const [, start] = /^from:(\d{1,9})$/u.exec(Buffer.from(token, "base64url").toString("latin1")) ?? [];
  return start === undefined ? invalid("Invalid page token.") : Number(start);
}

/** One page of a list, by `pageSize` and `pageToken`. Throws INVALID_ARGUMENT. */
export function pageOf<T>(query: URLSearchParams, { items, key, maxSize, show }: Listing<T>): object {
  const start = startOf(query.get("pageToken"));
  const end = start + sizeOf(query.get("pageSize"), maxSize);
  const page = items.slice(start, end);
  return {
    // An empty list has no member at all, as in every answer made from protocol buffers.
    ...(page.length === 0 ? {} : { [key]: page.map(show) }),
    ...(end < items.length ? { nextPageToken: Buffer.from(`from:${end}`).toString("base64url") } : {}),
  };
}
