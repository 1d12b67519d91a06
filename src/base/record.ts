/** A JSON object whose members are not judged yet. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** Whether a value of unknown JSON is an object, and neither null nor a list. */
export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The members of a value of unknown JSON; none where it is no object. */
export function recordOf(value: unknown): JsonRecord {
  return isRecord(value) ? value : {};
}
