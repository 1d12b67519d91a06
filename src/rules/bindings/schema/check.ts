import { isRecord, type JsonRecord } from "../../../core/base/index.ts";
import type { SchemaField, ListField, NumberField, ObjectField, TextField } from "./field.ts";

/** One mistake in an object. */
export interface FieldProblem {
  /** `spec.roles[0].managed.policies[2]` */
  readonly path: string;
  readonly message: string;
}

/** A list or an object beyond this is not looked into: no API server would have let it in. */
const maxMembers = 1000;
const maxShown = 80;

function shown(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > maxShown ? `${text.slice(0, maxShown)}…` : text;
}

function textProblem(field: TextField, value: string): string | undefined {
  const { minLength = 0, maxLength, pattern, enum: accepted } = field;
  // Kubernetes counts code points. A text of more units than twice the limit has more of them too.
  const length = value.length > 2 * maxLength ? value.length : Array.from(value).length;
  if (length > maxLength) return `is longer than ${maxLength} characters`;
  if (length < minLength) return `is shorter than ${minLength} characters`;
  if (accepted?.includes(value) === false) return `is ${shown(value)}; accepted: ${accepted.join(", ")}`;
  // Patterns of this room are linear, and the text is short by now.
  if (pattern !== undefined && !new RegExp(pattern, "u").test(value))
    return `is ${shown(value)}, which does not fit ${pattern}`;
  return undefined;
}

function numberProblem({ minimum, maximum }: NumberField, value: number): string | undefined {
  if (minimum !== undefined && value < minimum) return `is ${value}; ${minimum} is the least`;
  return maximum !== undefined && value > maximum ? `is ${value}; ${maximum} is the most` : undefined;
}

/** Reads a value against its field: gives it with its defaults, and says everything that is wrong with it. */
class FieldReader {
  readonly problems: FieldProblem[] = [];

  #wrong(path: string, message: string | undefined): void {
    if (message !== undefined) this.problems.push({ path, message });
  }

  read(field: SchemaField, value: unknown, path: string): unknown {
    switch (field.type) {
      case "string":
        if (typeof value === "string") this.#wrong(path, textProblem(field, value));
        else this.#wrong(path, `is ${shown(value)}, not a text`);
        return value;
      case "integer":
        if (Number.isSafeInteger(value)) this.#wrong(path, numberProblem(field, value as number));
        else this.#wrong(path, `is ${shown(value)}, not a whole number`);
        return value;
      case "boolean":
        if (typeof value !== "boolean") this.#wrong(path, `is ${shown(value)}, neither true nor false`);
        return value;
      case "array":
        return this.#list(field, value, path);
      case "object":
        return this.#object(field, value, path);
      case "open":
        if (!isRecord(value)) this.#wrong(path, `is ${shown(value)}, not an object`);
        return value;
      default:
        throw new TypeError("a field of no known type");
    }
  }

  #list(field: ListField, value: unknown, path: string): unknown {
    if (!Array.isArray(value)) {
      this.#wrong(path, `is ${shown(value)}, not a list`);
      return value;
    }
    const { items, minItems = 0, maxItems, unique, rules = [] } = field;
    if (value.length < minItems) this.#wrong(path, `has ${value.length} entries; ${minItems} is the least`);
    if (value.length > maxItems) this.#wrong(path, `has ${value.length} entries; ${maxItems} is the most`);
    if (value.length > maxMembers) return value;
    const before = this.problems.length;
    const read = value.map((one, index) => this.read(items, one, `${path}[${index}]`));
    this.#repeated(read, unique, path);
    if (this.problems.length > before) return read;
    for (const { holds, message } of rules)
      if (!holds(read as readonly JsonRecord[])) this.#wrong(path, message);
    return read;
  }

  #repeated(list: readonly unknown[], unique: true | string, path: string): void {
    const keys = list.map((one) => {
      if (unique === true) return one;
      return isRecord(one) ? one[unique] : undefined;
    });
    const seen = new Set<unknown>();
    for (const [index, key] of keys.entries()) {
      if (key !== undefined && seen.has(key)) this.#wrong(`${path}[${index}]`, `is ${shown(key)} once more`);
      seen.add(key);
    }
  }

  #object(field: ObjectField, value: unknown, path: string): unknown {
    if (!isRecord(value)) {
      this.#wrong(path, `is ${shown(value)}, not an object`);
      return value;
    }
    const { required = [], properties, rules = [] } = field;
    const before = this.problems.length;
    for (const name of Object.keys(value).slice(0, maxMembers)) {
      if (!Object.hasOwn(properties, name)) this.#wrong(join(path, name), "is no field of this object");
    }
    const members = Object.entries(properties).flatMap(([name, member]): [string, unknown][] => {
      const given = Object.hasOwn(value, name) ? value[name] : undefined;
      const one = given ?? standsFor(member);
      if (one === undefined) {
        if (required.includes(name)) this.#wrong(join(path, name), "is missing");
        return [];
      }
      return [[name, this.read(member, one, join(path, name))]];
    });
    const read = Object.fromEntries(members);
    if (this.problems.length > before) return read;
    for (const { holds, message } of rules) if (holds?.(read) === false) this.#wrong(path, message);
    return read;
  }
}

/** The value of a field that is left out; undefined where it has no default. */
function standsFor(field: SchemaField): unknown {
  if ("default" in field) return field.default;
  return "absent" in field ? field.absent : undefined;
}

const join = (path: string, name: string): string => (path === "" ? name : `${path}.${name}`);

/**
 * Reads a value of unknown JSON against its field. Gives it with its defaults filled in, or everything that is wrong
 * with it; rules between members are asked where the members themselves are right.
 */
export function checked(
  field: SchemaField,
  value: unknown,
  path: string,
): { readonly value: unknown } | { readonly problems: readonly FieldProblem[] } {
  const reader = new FieldReader();
  const read = reader.read(field, value, path);
  return reader.problems.length === 0 ? { value: read } : { problems: reader.problems };
}
