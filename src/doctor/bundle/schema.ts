import { isRecord, PodtrustError } from "../../core/base/index.ts";

/** The latest date that RFC 3339 can write, in milliseconds. */
export const maxDate = 253_402_300_799_999;

function refuse(at: string, what: string): PodtrustError {
  return new PodtrustError("bundle-invalid", `${at} of the bundle ${what}`, { detail: { at } });
}

/** An untrusted value of JSON, with its place, read as the type that it has to be. Each throws `bundle-invalid`. */
export class BundleValue {
  readonly #value: unknown;
  readonly #at: string;

  constructor(value: unknown, at: string) {
    this.#value = value;
    this.#at = at;
  }

  /** A member that may be missing. */
  optional(name: string): BundleValue | undefined {
    if (!isRecord(this.#value)) throw refuse(this.#at, "is no object");
    if (!Object.hasOwn(this.#value, name)) return undefined;
    return new BundleValue(this.#value[name], `${this.#at}.${name}`);
  }

  member(name: string): BundleValue {
    const found = this.optional(name);
    if (found === undefined) throw refuse(`${this.#at}.${name}`, "is missing");
    return found;
  }

  /** Whether nothing is said to be there. */
  get isNull(): boolean {
    return this.#value === null;
  }

  get isText(): boolean {
    return typeof this.#value === "string";
  }

  /** Of at most `max` characters. */
  text(max = 8192): string {
    if (typeof this.#value !== "string") throw refuse(this.#at, "is no text");
    if (this.#value.length > max) throw refuse(this.#at, `is longer than ${max} characters`);
    return this.#value;
  }

  /** A text that `fits`. */
  textThat(fits: (text: string) => boolean, what: string): string {
    const text = this.text();
    if (!fits(text)) throw refuse(this.#at, `is no ${what}`);
    return text;
  }

  /** From 0 to `max`. */
  number(max: number): number {
    const value = this.#value;
    if (typeof value !== "number" || !(value >= 0 && value <= max))
      throw refuse(this.#at, `is no number from 0 to ${max}`);
    return value;
  }

  /** The place of one of `count` members. */
  index(count: number): number {
    const value = this.number(count - 1);
    if (!Number.isInteger(value)) throw refuse(this.#at, "is no whole number");
    return value;
  }

  boolean(): boolean {
    if (typeof this.#value !== "boolean") throw refuse(this.#at, "is neither true nor false");
    return this.#value;
  }

  /** Of at most `max` members. */
  list(max = 64): readonly BundleValue[] {
    if (!Array.isArray(this.#value)) throw refuse(this.#at, "is no list");
    if (this.#value.length > max) throw refuse(this.#at, `has more than ${max} members`);
    return this.#value.map((one: unknown, index) => new BundleValue(one, `${this.#at}[${index}]`));
  }

  /** The members of an object, of which there may be at most `max`. */
  entries(max = 256): readonly (readonly [string, BundleValue])[] {
    const all = Object.entries(this.record());
    if (all.length > max) throw refuse(this.#at, `has more than ${max} members`);
    return all.map(([name, value]) => [name, new BundleValue(value, `${this.#at}.${name}`)]);
  }

  /** An object as it stands, for judges that take nothing of it for granted. */
  record(): Readonly<Record<string, unknown>> {
    if (!isRecord(this.#value)) throw refuse(this.#at, "is no object");
    return this.#value;
  }
}
