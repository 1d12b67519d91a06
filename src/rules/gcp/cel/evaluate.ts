import { callFunction, isFunction } from "./functions.ts";
import type { BinaryOperator, Expression, MacroName } from "./parse.ts";
import {
  areEqual,
  CelError,
  type CelValue,
  entryOf,
  isList,
  isMap,
  order,
  type Spend,
  typeName,
} from "./value.ts";

/** Values by the names that an expression may use. */
export type CelVariables = Readonly<Record<string, CelValue>>;

/**
 * How many steps one evaluation may take: nested lists multiply them. An element or a character that is made is one, too:
 * a few letters can double a list again and again.
 */
const maxSteps = 100_000;

type Of<K extends Expression["kind"]> = Extract<Expression, { kind: K }>;

function fault(message: string): CelError {
  return new CelError("evaluation", message);
}

/** An int, which has 64 bits (cel-spec, "Overflow"). */
function inRange(value: bigint): bigint {
  if (BigInt.asIntN(64, value) === value) return value;
  throw fault("integer overflow");
}

/** One evaluation, which counts its steps. */
class Evaluation {
  #steps = 0;

  /** How each kind of expression is evaluated. */
  readonly #kinds: { [K in Expression["kind"]]: (expression: Of<K>, scope: CelVariables) => CelValue } = {
    literal: ({ value }) => value,
    name: ({ name }, scope) => this.#variable(name, scope),
    member: (expression, scope) => this.#member(expression, scope),
    index: (expression, scope) => this.#index(expression, scope),
    call: (expression, scope) => this.#call(expression, scope),
    macro: (expression, scope) => this.#macro(expression, scope),
    list: ({ items }, scope) => items.map((item) => this.of(item, scope)),
    map: (expression, scope) => this.#map(expression, scope),
    not: ({ operand }, scope) => !this.#bool("!", this.of(operand, scope)),
    binary: (expression, scope) => this.#binary(expression, scope),
    conditional: (expression, scope) => this.#conditional(expression, scope),
  };

  readonly #spend: Spend = (steps) => {
    this.#steps += steps;
    if (this.#steps > maxSteps) throw fault(`it takes more than ${maxSteps} steps`);
  };

  /** Throws what is no error of CEL's, and that there are no steps left: no other side of `||` decides then. */
  #celError(thrown: unknown): CelError {
    if (thrown instanceof CelError && this.#steps <= maxSteps) return thrown;
    throw thrown;
  }

  of(expression: Expression, scope: CelVariables): CelValue {
    this.#spend(1);
    // The kind says which of the functions it is, and each takes its own kind.
    const evaluate = this.#kinds[expression.kind] as (one: Expression, scope: CelVariables) => CelValue;
    return evaluate(expression, scope);
  }

  #variable(name: string, scope: CelVariables): CelValue {
    const value = Object.hasOwn(scope, name) ? scope[name] : undefined;
    if (value === undefined) throw fault(`there is nothing called ${name}`);
    return value;
  }

  #conditional({ test, yes, no }: Of<"conditional">, scope: CelVariables): CelValue {
    if (this.#bool("?:", this.of(test, scope))) return this.of(yes, scope);
    return this.of(no, scope);
  }

  #bool(operator: string, value: CelValue): boolean {
    if (typeof value === "boolean") return value;
    throw fault(`${operator} is not for ${typeName(value)}`);
  }

  #member({ of, name, isTest }: Of<"member">, scope: CelVariables): CelValue {
    const map = this.of(of, scope);
    // cel-go, interpreter/attributes.go, refQualify: only a list minds being asked for a member.
    if (isTest === true && !isMap(map) && !isList(map)) return false;
    if (!isMap(map)) throw fault(`${typeName(map)} has no member ${name}`);
    const value = entryOf(map, name);
    if (isTest === true) return value !== undefined;
    if (value === undefined) throw fault(`no such key: ${name}`);
    return value;
  }

  #index({ of, index }: Of<"index">, scope: CelVariables): CelValue {
    const [value, key] = [this.of(of, scope), this.of(index, scope)];
    if (isList(value)) {
      const place = typeof key === "bigint" || Number.isInteger(key) ? Number(key) : undefined;
      const found = place === undefined || place < 0 ? undefined : value[place];
      if (place === undefined) throw fault(`a list has no index of type ${typeName(key)}`);
      if (found === undefined) throw fault(`index out of bounds: ${place}`);
      return found;
    }
    if (!isMap(value)) throw fault(`${typeName(value)} has no members`);
    const found = typeof key === "string" ? entryOf(value, key) : undefined;
    if (found === undefined) throw fault(`no such key: ${typeof key === "string" ? key : typeName(key)}`);
    return found;
  }

  #call({ name, target, args }: Of<"call">, scope: CelVariables): CelValue {
    const all = target === undefined ? args : [target, ...args];
    const values = all.map((arg) => this.of(arg, scope));
    return callFunction(name, values, this.#spend);
  }

  #map({ entries }: Of<"map">, scope: CelVariables): CelValue {
    const map = Object.create(null) as Record<string, CelValue>;
    for (const [key, value] of entries) {
      const name = this.of(key, scope);
      if (typeof name !== "string") throw fault(`a map whose keys are ${typeName(name)}`);
      if (Object.hasOwn(map, name)) throw fault(`a map has the key ${name} twice`);
      map[name] = this.of(value, scope);
    }
    return map;
  }

  /**
   * `&&` and `||`: one side that decides is enough, whatever the other comes to, an error too (cel-spec, "Logical
   * Operators").
   */
  #logical(operator: "&&" | "||", { left, right }: Of<"binary">, scope: CelVariables): CelValue {
    const deciding = operator === "||";
    let failed: CelError | undefined;
    for (const side of [left, right]) {
      try {
        if (this.#bool(operator, this.of(side, scope)) === deciding) return deciding;
      } catch (error) {
        failed ??= this.#celError(error);
      }
    }
    if (failed !== undefined) throw failed;
    return !deciding;
  }

  #binary(expression: Of<"binary">, scope: CelVariables): CelValue {
    const { operator } = expression;
    if (operator === "&&" || operator === "||") return this.#logical(operator, expression, scope);
    const [a, b] = [this.of(expression.left, scope), this.of(expression.right, scope)];
    switch (operator) {
      case "==":
        return areEqual(a, b, this.#spend);
      case "!=":
        return !areEqual(a, b, this.#spend);
      case "in":
        return this.#isIn(a, b);
      case "+":
        return this.#sum(a, b);
      case "<":
      case "<=":
      case ">":
      case ">=":
        return this.#compare(operator, a, b);
    }
  }

  #isIn(a: CelValue, b: CelValue): boolean {
    if (isList(b)) return b.some((one) => areEqual(a, one, this.#spend));
    if (isMap(b)) return typeof a === "string" && Object.hasOwn(b, a);
    throw fault(`in is not for ${typeName(b)}`);
  }

  #sum(a: CelValue, b: CelValue): CelValue {
    if (typeof a === "string" && typeof b === "string") {
      this.#spend(a.length + b.length);
      return a + b;
    }
    if (isList(a) && isList(b)) {
      this.#spend(a.length + b.length);
      return [...a, ...b];
    }
    if (typeof a === "number" && typeof b === "number") return a + b;
    if (typeof a === "bigint" && typeof b === "bigint") return inRange(a + b);
    throw fault(`+ is not for ${typeName(a)} and ${typeName(b)}`);
  }

  #compare(
    operator: Exclude<BinaryOperator, "!=" | "&&" | "+" | "==" | "in" | "||">,
    a: CelValue,
    b: CelValue,
  ): boolean {
    const found = order(a, b, this.#spend);
    if (found === undefined) throw fault(`${operator} is not for ${typeName(a)} and ${typeName(b)}`);
    return { "<": found < 0, "<=": found <= 0, ">": found > 0, ">=": found >= 0 }[operator];
  }

  #macro({ name, of, variable, test }: Of<"macro">, scope: CelVariables): CelValue {
    const value = this.of(of, scope);
    const items = isList(value) ? value : isMap(value) ? Object.keys(value) : undefined;
    if (items === undefined) throw fault(`${name}() is not for ${typeName(value)}`);
    const at = (item: CelValue): CelValue => this.of(test, { ...scope, [variable]: item });
    if (name === "map") return items.map(at);
    const isTrue = (item: CelValue): boolean => this.#bool(`${name}()`, at(item));
    if (name === "filter") return items.filter(isTrue);
    if (name === "exists_one") return items.filter(isTrue).length === 1;
    return this.#some(name, items, isTrue);
  }

  /** `exists` and `all`: as `||` and `&&` over the items. */
  #some(
    name: Extract<MacroName, "all" | "exists">,
    items: readonly CelValue[],
    isTrue: (item: CelValue) => boolean,
  ): boolean {
    const deciding = name === "exists";
    let failed: CelError | undefined;
    for (const item of items) {
      try {
        if (isTrue(item) === deciding) return deciding;
      } catch (error) {
        failed ??= this.#celError(error);
      }
    }
    if (failed !== undefined) throw failed;
    return !deciding;
  }
}

/** Every call of an expression, those inside others too. */
function* callsOf(expression: Expression): Generator<Of<"call">> {
  if (expression.kind === "call") yield expression;
  for (const part of Object.values(expression) as unknown[]) yield* callsIn(part);
}

function* callsIn(part: unknown): Generator<Of<"call">> {
  if (Array.isArray(part)) for (const one of part as unknown[]) yield* callsIn(one);
  else if (typeof part === "object" && part !== null && "kind" in part) yield* callsOf(part as Expression);
}

/** Throws CelError `unsupported` for a function that is not judged here. */
export function checkFunctions(expression: Expression): void {
  for (const { name, target, args } of callsOf(expression)) {
    const count = args.length + (target === undefined ? 0 : 1);
    if (!isFunction(name, target !== undefined, count))
      throw new CelError("unsupported", `the function ${name}() with ${args.length} arguments`);
  }
}

/**
 * The value of an expression with these values. Throws CelError `evaluation`, as CEL's own error does: `||` and `&&`
 * take one where the other side decides. Source: https://github.com/google/cel-spec, doc/langdef.md, "Evaluation".
 */
export function evaluateExpression(expression: Expression, variables: CelVariables): CelValue {
  return new Evaluation().of(expression, variables);
}
