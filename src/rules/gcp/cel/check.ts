import { methodResult } from "./functions.ts";
import type { Expression } from "./parse.ts";
import { type CelType, elementType, isListType, isMapType, joined, typeText } from "./types.ts";
import { CelError, typeName } from "./value.ts";

/** Types by the names that an expression may use where it stands. */
type TypesByName = Readonly<Record<string, CelType>>;

type Of<K extends Expression["kind"]> = Extract<Expression, { kind: K }>;

function noOverload(operator: string, ...types: readonly CelType[]): CelError {
  return new CelError("type", `${operator} is not for ${types.map(typeText).join(" and ")}`);
}

/** Whether a value of a type may be one of these. */
const isOne = (type: CelType, ...names: readonly CelType[]): boolean =>
  type === "dyn" || names.includes(type);

function expectBool(operator: string, type: CelType): void {
  if (!isOne(type, "bool")) throw noOverload(operator, type);
}

/** How each kind of expression comes to its type. Throws CelError `type`. */
const kinds: { readonly [K in Expression["kind"]]: (expression: Of<K>, types: TypesByName) => CelType } = {
  literal: ({ value }) => typeName(value) as CelType,
  name({ name }, types) {
    const type = Object.hasOwn(types, name) ? types[name] : undefined;
    if (type === undefined)
      throw new CelError(
        "type",
        `there is nothing called ${name}: there is ${Object.keys(types).join(", ")}`,
      );
    return type;
  },
  member({ of, name, isTest }, types) {
    const type = typeOf(of, types);
    if (type !== "dyn" && !isMapType(type))
      throw new CelError("type", `${typeText(type)} has no member ${name}`);
    if (isTest === true) return "bool";
    return type === "dyn" ? type : type.value;
  },
  index({ of, index }, types) {
    const [type, key] = [typeOf(of, types), typeOf(index, types)];
    if (type === "dyn") return type;
    if (isListType(type) && isOne(key, "int")) return type.list;
    if (isMapType(type) && joined(type.key, key) !== undefined) return type.value;
    throw noOverload("[]", type, key);
  },
  call({ name, target, args }, types) {
    const found = (target === undefined ? args : [target, ...args]).map((arg) => typeOf(arg, types));
    if (name === "size" ? isMeasured(found[0]) : found.every((type) => isOne(type, "string")))
      return methodResult(name);
    throw noOverload(`${name}()`, ...found);
  },
  macro({ name, of, variable, test }, types) {
    const range = typeOf(of, types);
    const item = isListType(range) ? range.list : isMapType(range) ? range.key : range;
    if (item === range && range !== "dyn") throw noOverload(`${name}()`, range);
    const found = typeOf(test, { ...types, [variable]: item });
    if (name === "map") return { list: found };
    expectBool(`${name}()`, found);
    return name === "filter" ? { list: item } : "bool";
  },
  list: ({ items }, types) => ({ list: elementType(items.map((item) => typeOf(item, types))) }),
  map({ entries }, types) {
    const key = elementType(entries.map(([one]) => typeOf(one, types)));
    // A map of maps in its keys could double its type with each macro.
    if (!isOne(key, "string")) throw new CelError("unsupported", `a map whose keys are ${typeText(key)}`);
    return { key, value: elementType(entries.map(([, one]) => typeOf(one, types))) };
  },
  not({ operand }, types) {
    expectBool("!", typeOf(operand, types));
    return "bool";
  },
  binary: ({ operator, left, right }, types) =>
    operators[operator](operator, typeOf(left, types), typeOf(right, types)),
  conditional({ test, yes, no }, types) {
    expectBool("?:", typeOf(test, types));
    const [one, other] = [typeOf(yes, types), typeOf(no, types)];
    const both = joined(one, other);
    if (both === undefined) throw noOverload("?:", one, other);
    return both;
  },
};

/** Whether `size()` is for it. */
const isMeasured = (type: CelType = "dyn"): boolean => isOne(type, "string") || typeof type === "object";

type OfTwo = (operator: string, left: CelType, right: CelType) => CelType;

const equality: OfTwo = (operator, left, right) => {
  if (joined(left, right) === undefined) throw noOverload(operator, left, right);
  return "bool";
};

const logical: OfTwo = (operator, left, right) => {
  for (const side of [left, right]) expectBool(operator, side);
  return "bool";
};

const isNumeric = (type: CelType): boolean => type === "int" || type === "double";

/**
 * cel-go takes null for a time that is not there, and has an order of those. It compares an int and a double inside a macro
 * alone, unless its caller wants it everywhere: what Google wants is not known, so both are taken.
 */
const ordering: OfTwo = (operator, left, right) => {
  const haveOrder = [left, right].every((side) => typeof side !== "object");
  const areComparable = joined(left, right) !== undefined || (isNumeric(left) && isNumeric(right));
  if (!haveOrder || !areComparable) throw noOverload(operator, left, right);
  return "bool";
};

const membership: OfTwo = (operator, left, right) => {
  const item = isListType(right) ? right.list : isMapType(right) ? right.key : right;
  if ((item === right && right !== "dyn") || joined(left, item) === undefined)
    throw noOverload(operator, left, right);
  return "bool";
};

const addition: OfTwo = (operator, left, right) => {
  const both = joined(left, right);
  const areAdded = [left, right].every((side) => side !== "bool" && !isMapType(side));
  if (both === undefined || !areAdded) throw noOverload(operator, left, right);
  // One that is known decides what the other has to be.
  return left === "dyn" ? right : right === "dyn" ? left : both;
};

const operators: { readonly [O in Of<"binary">["operator"]]: OfTwo } = {
  "==": equality,
  "!=": equality,
  "&&": logical,
  "||": logical,
  "<": ordering,
  "<=": ordering,
  ">": ordering,
  ">=": ordering,
  in: membership,
  "+": addition,
};

function typeOf(expression: Expression, types: TypesByName): CelType {
  // The kind says which of the functions it is, and each takes its own kind.
  const find = kinds[expression.kind] as (one: Expression, types: TypesByName) => CelType;
  return find(expression, types);
}

/**
 * Throws CelError `type` where an expression could never have a value, whatever its variables are: a name that is none of
 * `variables`, or an operator between types that it is not for, also behind a `||` that another side decides. Of the
 * variables themselves no type is known. Source: https://github.com/google/cel-go, checker/checker.go, which Google asks
 * when a provider is written.
 */
export function checkTypes(expression: Expression, variables: readonly string[]): CelType {
  return typeOf(expression, Object.fromEntries(variables.map((name) => [name, "dyn"])));
}
