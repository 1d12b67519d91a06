import { isRecord } from "../../../core/base/index.ts";
import type { Raw, RawRecord } from "./value.ts";

/** Broken constraints, collected so that all are reported at once, as AWS does. */
export interface ConstraintViolation {
  /** `roleName`, `tags.1.member.key`. */
  readonly at: string;
  /** The value between quotes, or undefined if it is absent. */
  readonly value: string | undefined;
  /** `Member must not be null`. */
  readonly constraint: string;
}

/** Reads one parameter. */
export interface Field<T> {
  readonly read: (raw: Raw | undefined, at: string, problems: ConstraintViolation[]) => T;
}
export type Input = Readonly<Record<string, Field<unknown>>>;
export type ValueOf<Fields extends Input> = {
  readonly [Name in keyof Fields]: Fields[Name] extends Field<infer T> ? T : never;
};

export interface TextLimits {
  /** In UTF-16 units. */
  readonly min?: number;
  readonly max?: number;
  /** As AWS prints it; matched against the whole value. */
  readonly pattern?: string;
  readonly oneOf?: readonly string[];
}

function textProblems(value: string, limits: TextLimits): string[] {
  const found: string[] = [];
  if (limits.oneOf !== undefined && !limits.oneOf.includes(value)) {
    found.push(`Member must satisfy enum value set: [${limits.oneOf.join(", ")}]`);
  }
  if (limits.max !== undefined && value.length > limits.max) {
    found.push(`Member must have length less than or equal to ${limits.max}`);
  }
  if (limits.min !== undefined && value.length < limits.min) {
    found.push(`Member must have length greater than or equal to ${limits.min}`);
  }
  if (limits.pattern !== undefined && !new RegExp(`^(?:${limits.pattern})$`, "u").test(value)) {
    found.push(`Member must satisfy regular expression pattern: ${limits.pattern}`);
  }
  return found;
}

function asText(raw: Raw | undefined): string | undefined {
  if (raw === undefined || raw === null) return undefined;
  return typeof raw === "object" ? JSON.stringify(raw) : String(raw);
}

/** A string; undefined when absent. */
export function text(limits: TextLimits = {}): Field<string | undefined> {
  return {
    read(raw, at, problems) {
      const value = asText(raw);
      if (value === undefined) return undefined;
      for (const constraint of textProblems(value, limits)) problems.push({ at, value, constraint });
      return value;
    },
  };
}

export interface NumberLimits {
  readonly min?: number;
  readonly max?: number;
}

/** An integer; undefined if absent. */
export function integer(limits: NumberLimits = {}): Field<number | undefined> {
  return {
    read(raw, at, problems) {
      const value = asText(raw);
      if (value === undefined) return undefined;
      const number = /^[+-]?\d{1,15}$/u.test(value) ? Number(value) : Number.NaN;
      if (Number.isNaN(number)) {
        problems.push({ at, value, constraint: "Member must be a valid integer" });
      } else if (limits.min !== undefined && number < limits.min) {
        problems.push({
          at,
          value,
          constraint: `Member must have value greater than or equal to ${limits.min}`,
        });
      } else if (limits.max !== undefined && number > limits.max) {
        problems.push({
          at,
          value,
          constraint: `Member must have value less than or equal to ${limits.max}`,
        });
      }
      return number;
    },
  };
}

/** A boolean; undefined if absent. */
export function flag(): Field<boolean | undefined> {
  return {
    read(raw, at, problems) {
      const value = asText(raw)?.toLowerCase();
      if (value === undefined) return undefined;
      if (value !== "true" && value !== "false") {
        problems.push({ at, value, constraint: "Member must satisfy enum value set: [true, false]" });
      }
      return value === "true";
    },
  };
}

/** The same parameter, refused if absent. */
export function required<T>(field: Field<T>): Field<Exclude<T, undefined>> {
  return {
    read(raw, at, problems) {
      if (raw === undefined || raw === null) {
        problems.push({ at, value: undefined, constraint: "Member must not be null" });
      }
      // A problem was recorded: no caller sees the undefined.
      return field.read(raw, at, problems) as Exclude<T, undefined>;
    },
  };
}

export interface ListLimits {
  readonly min?: number;
  readonly max?: number;
}

function listProblems(items: readonly Raw[], limits: ListLimits): string | undefined {
  if (limits.max !== undefined && items.length > limits.max) {
    return `Member must have length less than or equal to ${limits.max}`;
  }
  if (limits.min !== undefined && items.length < limits.min) {
    return `Member must have length greater than or equal to ${limits.min}`;
  }
  return undefined;
}

/** Strings whose broken constraints AWS reports for the list as a whole. */
export function texts(item: TextLimits, limits: ListLimits = {}): Field<readonly string[] | undefined> {
  return {
    read(raw, at, problems) {
      if (raw === undefined || raw === null) return undefined;
      const items = listItems(raw);
      const values = items.map((one) => asText(one) ?? "");
      const value = `[${values.join(", ")}]`;
      const wrong = listProblems(items, limits);
      if (wrong !== undefined) problems.push({ at, value, constraint: wrong });
      if (values.some((one) => textProblems(one, item).length > 0)) {
        const all = constraintsOf(item).join(", ");
        problems.push({ at, value, constraint: `Member must satisfy constraint: [${all}]` });
      }
      return values;
    },
  };
}

function constraintsOf(limits: TextLimits): string[] {
  const found: string[] = [];
  if (limits.oneOf !== undefined) {
    found.push(`Member must satisfy enum value set: [${limits.oneOf.join(", ")}]`);
  }
  if (limits.max !== undefined) found.push(`Member must have length less than or equal to ${limits.max}`);
  if (limits.min !== undefined) found.push(`Member must have length greater than or equal to ${limits.min}`);
  if (limits.pattern !== undefined) {
    found.push(`Member must satisfy regular expression pattern: ${limits.pattern}`);
  }
  return found;
}

// The query protocol writes an empty list as `Name=`.
function listItems(raw: Raw): readonly Raw[] {
  if (raw === "") return [];
  return Array.isArray(raw) ? (raw as readonly Raw[]) : [raw];
}

/** Structures, each checked member by member. */
export function structures<const Fields extends Input>(
  fields: Fields,
  limits: ListLimits = {},
): Field<readonly ValueOf<Fields>[] | undefined> {
  return {
    read(raw, at, problems) {
      if (raw === undefined || raw === null) return undefined;
      const items = listItems(raw);
      const wrong = listProblems(items, limits);
      if (wrong !== undefined) problems.push({ at, value: `[${items.length} members]`, constraint: wrong });
      return items.map((item, index) => readFields(fields, item, `${at}.${index + 1}.member.`, problems));
    },
  };
}

function readFields<Fields extends Input>(
  fields: Fields,
  raw: Raw,
  prefix: string,
  problems: ConstraintViolation[],
): ValueOf<Fields> {
  const record = isRecord(raw) ? raw : {};
  const entries = Object.entries(fields).map(([name, field]) => {
    const at = `${prefix}${name.charAt(0).toLowerCase()}${name.slice(1)}`;
    const value = Object.hasOwn(record, name) ? record[name] : undefined;
    return [name, field.read(value, at, problems)];
  });
  return Object.fromEntries(entries) as ValueOf<Fields>;
}

/** Reads all parameters of an operation; use the values only if there are no problems. */
export function readInput<Fields extends Input>(
  fields: Fields,
  raw: RawRecord,
): { readonly params: ValueOf<Fields>; readonly problems: readonly ConstraintViolation[] } {
  const problems: ConstraintViolation[] = [];
  return { params: readFields(fields, raw, "", problems), problems };
}

/** `1 validation error detected: Value 'a' at 'roleName' failed to satisfy constraint: …`. */
export function problemsText(problems: readonly ConstraintViolation[]): string {
  const many = problems.length === 1 ? "1 validation error" : `${problems.length} validation errors`;
  const sentences = problems.map(({ at, value, constraint }) => {
    const what = value === undefined ? "Value" : `Value '${value}'`;
    return `${what} at '${at}' failed to satisfy constraint: ${constraint}`;
  });
  return `${many} detected: ${sentences.join("; ")}`;
}
