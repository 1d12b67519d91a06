import { isRecord, type JsonRecord, PodtrustError, isTexts } from "../../core/base/index.ts";

/** What a vendor's own tool prints of its resources, as JSON: data in a schema, wherever it comes from. */
export type Description = JsonRecord | readonly JsonRecord[];

function fault(what: string): PodtrustError {
  return new PodtrustError("description-invalid", what);
}

/** Reads one; `name` is the file's, for the error. Throws `description-invalid`. */
export function parseDescription(text: string, name: string): Description {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    throw fault(`${name} is no JSON`);
  }
  if (isRecord(read)) return read;
  if (Array.isArray(read) && read.every(isRecord)) return read;
  throw fault(`${name} is neither an object nor a list of objects`);
}

/** A text of a resource. Throws `description-invalid`. */
export function requiredText(record: JsonRecord, member: string, of: string): string {
  const value = record[member];
  if (typeof value === "string") return value;
  throw fault(`${of} has no ${member}`);
}

/** A list of texts; empty where there is none. Throws `description-invalid`. */
export function textList(record: JsonRecord, member: string, of: string): readonly string[] {
  const value = record[member] ?? [];
  if (isTexts(value)) return value;
  throw fault(`${member} of ${of} is no list of texts`);
}

/** Texts by name; empty where there is none. Throws `description-invalid`. */
export function textMap(record: JsonRecord, member: string, of: string): Readonly<Record<string, string>> {
  const value = record[member] ?? {};
  if (!isRecord(value)) throw fault(`${member} of ${of} is no object`);
  const entries = Object.entries(value).map(([name, text]): [string, string] => {
    if (typeof text === "string") return [name, text];
    throw fault(`${member} of ${of} has no text at ${name}`);
  });
  return Object.fromEntries(entries);
}
