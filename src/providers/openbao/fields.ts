import type { FieldChange } from "../../rules/plan/index.ts";

/** Fields of a config or a role by the names of OpenBao's API. */
export type Fields = Readonly<Record<string, unknown>>;

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === "object" && Object.keys(value).length === 0;
}

// What was never set comes back as null, "", 0, [] or {}, depending on the server's version. Its lists are sets.
function canonical(value: unknown): unknown {
  if (isEmpty(value)) return undefined;
  if (typeof value === "string") return value.trim();
  if (Array.isArray(value)) return value.map(canonical).toSorted((a, b) => (String(a) < String(b) ? -1 : 1));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, one]) => [name, canonical(one)]));
}

/** The fields of `desired` that differ in `found`; further fields of `found` are ignored. */
export function changedFields(desired: Fields, found: Fields): readonly FieldChange[] {
  return Object.entries(desired).flatMap(([field, value]) => {
    const [before, after] = [canonical(found[field]), canonical(value)];
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ field, before, after }];
  });
}

/**
 * Fields as a request has them: a number as its text, which the API takes as well. So a policy of OpenBao can name the one
 * value that it allows, which it compares with texts and lists, and not with numbers.
 */
export function written(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === "number" ? String(value) : value]),
  );
}
