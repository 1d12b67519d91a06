import { HetznerApiError, type FieldFault, invalidInput } from "./api-error.ts";

/** Reads the fields of a request's body, and collects their faults so that one answer reports all. */
export class Body {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #faults: FieldFault[] = [];

  constructor(fields: Readonly<Record<string, unknown>>) {
    this.#fields = fields;
  }

  has(name: string): boolean {
    return this.#fields[name] !== undefined && this.#fields[name] !== null;
  }

  /** The raw field. */
  raw(name: string): unknown {
    return this.#fields[name];
  }

  blame(name: string, message: string): void {
    this.#faults.push({ name, messages: [message] });
  }

  /** A required text. */
  text(name: string, form?: RegExp): string {
    const value = this.#fields[name];
    if (typeof value !== "string" || value === "") {
      this.blame(name, value === undefined ? "Missing data for required field." : "Not a valid string.");
      return "";
    }
    if (form !== undefined && !form.test(value)) this.blame(name, `${name} is invalid`);
    return value;
  }

  optionalText(name: string, form?: RegExp): string | undefined {
    return this.has(name) ? this.text(name, form) : undefined;
  }

  flag(name: string, defaultValue: boolean): boolean {
    const value = this.#fields[name] ?? defaultValue;
    if (typeof value === "boolean") return value;
    this.blame(name, "Not a valid boolean.");
    return defaultValue;
  }

  /** One of several words. */
  choice<T extends string>(name: string, words: readonly T[]): T {
    const value = this.#fields[name];
    const found = words.find((word) => word === value);
    if (found === undefined) this.blame(name, `Must be one of: ${words.join(", ")}.`);
    return found ?? (words[0] as T);
  }

  list(name: string): readonly unknown[] {
    const value = this.#fields[name] ?? [];
    if (Array.isArray(value)) return value;
    this.blame(name, "Not a valid list.");
    return [];
  }

  /** Throws 422 `invalid_input` with every fault so far. */
  check(): void {
    if (this.#faults.length > 0) throw invalidInput(this.#faults);
  }
}

/** A record of unknown JSON; undefined for anything else. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

/** A body as sent. An action without parameters has none. Throws 400 `json_error`. */
export function parseBody(text: string): Body {
  if (text === "") return new Body({});
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const fields = recordOf(value);
  if (fields === undefined) throw new HetznerApiError(400, "json_error", "Invalid JSON");
  return new Body(fields);
}
