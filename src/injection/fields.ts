/** A mapping of an object as the Kubernetes API gives it, its values unjudged. */
export type Fields = Readonly<Record<string, unknown>>;

/** A value as a mapping; empty where it is none. */
export function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

/** A value as a list of mappings; empty where it is no list. */
export function items(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fields) : [];
}

/** A value as text; undefined where it is none. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
