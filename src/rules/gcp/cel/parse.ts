import { type CelToken, tokensOf } from "./tokens.ts";
import { CelError, type CelValue } from "./value.ts";

/** What is written between two expressions. */
export type BinaryOperator = "!=" | "&&" | "+" | "<" | "<=" | "==" | ">" | ">=" | "in" | "||";

/** Macros over a list or the keys of a map: `list.exists(name, test)`. */
export type MacroName = "all" | "exists" | "exists_one" | "filter" | "map";

/** A parsed expression. */
export type Expression =
  | { readonly kind: "literal"; readonly value: CelValue }
  | { readonly kind: "name"; readonly name: string }
  /** `of.name`; with `isTest` it is `has(of.name)`. */
  | { readonly kind: "member"; readonly of: Expression; readonly name: string; readonly isTest?: true }
  | { readonly kind: "index"; readonly of: Expression; readonly index: Expression }
  | {
      readonly kind: "call";
      readonly name: string;
      readonly target?: Expression;
      readonly args: readonly Expression[];
    }
  | {
      readonly kind: "macro";
      readonly name: MacroName;
      readonly of: Expression;
      readonly variable: string;
      readonly test: Expression;
    }
  | { readonly kind: "list"; readonly items: readonly Expression[] }
  | { readonly kind: "map"; readonly entries: readonly (readonly [key: Expression, value: Expression])[] }
  | { readonly kind: "not"; readonly operand: Expression }
  | {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: "conditional";
      readonly test: Expression;
      readonly yes: Expression;
      readonly no: Expression;
    };

const macros: readonly MacroName[] = ["all", "exists", "exists_one", "filter", "map"];

/** Words that the language keeps for later: no variable has such a name, and a member may (cel-spec, "Syntax"). */
const reserved = new Set(
  "as break const continue else for function if import let loop package namespace return var void while".split(
    " ",
  ),
);

const keywords = new Set(["false", "in", "null", "true"]);

/** How deep an expression may be nested: far deeper than any that is written, and far less than a stack holds. */
const maxDepth = 100;

/** How long a row of operators or members may be, with those around it: each is inside the next. */
const maxRow = 500;

const described = (token: CelToken): string =>
  token.kind === "end"
    ? "the end"
    : token.kind === "name" || token.kind === "operator"
      ? token.text
      : `a ${token.kind}`;

/** A parser by recursive descent; one for each text. */
class Parser {
  readonly #tokens: readonly CelToken[];
  #next = 0;
  #depth = 0;
  #row = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  #peek(): CelToken {
    // The last one is the end, which nothing takes.
    return this.#tokens[this.#next] as CelToken;
  }

  #fault(what: string): CelError {
    const token = this.#peek();
    return new CelError("parse", `at character ${token.at + 1}: ${what}, and not ${described(token)}`);
  }

  /** Takes one of these operators, if it comes next. */
  #take<const T extends string>(...operators: readonly T[]): T | undefined {
    const token = this.#peek();
    const found = token.kind === "operator" ? operators.find((one) => one === token.text) : undefined;
    if (found !== undefined) this.#next += 1;
    return found;
  }

  #expect(operator: string): void {
    if (this.#take(operator) === undefined) throw this.#fault(`${operator} is expected`);
  }

  #name(): string {
    const token = this.#peek();
    if (token.kind !== "name" || keywords.has(token.text)) throw this.#fault("a name is expected");
    this.#next += 1;
    return token.text;
  }

  whole(): Expression {
    const found = this.#expression();
    if (this.#peek().kind !== "end") throw this.#fault("an operator or the end is expected");
    return found;
  }

  #expression(): Expression {
    this.#depth += 1;
    if (this.#depth > maxDepth)
      throw new CelError("unsupported", `more than ${maxDepth} expressions inside each other`);
    const test = this.#or();
    let found = test;
    if (this.#take("?") !== undefined) {
      const yes = this.#or();
      this.#expect(":");
      found = { kind: "conditional", test, yes, no: this.#expression() };
    }
    this.#depth -= 1;
    return found;
  }

  /** What begins with `first` and goes on as long as `next` finds something, which is then around what was found before. */
  #rowOf(first: Expression, next: (found: Expression) => Expression | undefined): Expression {
    const before = this.#row;
    let found = first;
    for (let more = next(found); more !== undefined; more = next(found)) {
      found = more;
      this.#row += 1;
      if (this.#row > maxRow)
        throw new CelError("unsupported", `more than ${maxRow} operators or members in a row`);
    }
    this.#row = before;
    return found;
  }

  /** Operands with one of these operators between each two, from left to right. */
  #operands(operators: readonly BinaryOperator[], operand: () => Expression): Expression {
    return this.#rowOf(operand(), (left) => {
      const operator = this.#take(...operators) ?? this.#takeIn(operators);
      return operator === undefined ? undefined : { kind: "binary", operator, left, right: operand() };
    });
  }

  #takeIn(operators: readonly BinaryOperator[]): "in" | undefined {
    const token = this.#peek();
    if (!operators.includes("in") || token.kind !== "name" || token.text !== "in") return undefined;
    this.#next += 1;
    return "in";
  }

  readonly #or = (): Expression => this.#operands(["||"], this.#and);

  readonly #and = (): Expression => this.#operands(["&&"], this.#relation);

  readonly #relation = (): Expression => this.#operands(["==", "!=", "<=", ">=", "<", ">", "in"], this.#sum);

  readonly #sum = (): Expression => {
    const found = this.#operands(["+"], this.#unary);
    const arithmetic = this.#take("-", "*", "/", "%");
    if (arithmetic !== undefined) throw new CelError("unsupported", `the operator ${arithmetic}`);
    return found;
  };

  readonly #unary = (): Expression => {
    if (this.#take("!") !== undefined) {
      let count = 1;
      while (this.#take("!") !== undefined) count += 1;
      const operand = this.#member();
      // Each second one cancels the first, whatever the operand is (cel-go, parser.go, visitLogicalNot).
      return count % 2 === 1 ? { kind: "not", operand } : operand;
    }
    if (this.#take("-") !== undefined) return this.#negative();
    return this.#member();
  };

  /** A number with a sign: all that may follow `-`. */
  #negative(): Expression {
    const token = this.#peek();
    if (token.kind !== "int" && token.kind !== "double")
      throw new CelError("unsupported", "the operator - before anything but a number");
    this.#next += 1;
    return { kind: "literal", value: -token.value };
  }

  #member(): Expression {
    return this.#rowOf(this.#primary(), (of) => {
      if (this.#take(".") !== undefined) {
        if (this.#take("?") !== undefined) throw new CelError("unsupported", "optional members (.?)");
        const name = this.#name();
        return this.#take("(") === undefined ? { kind: "member", of, name } : this.#method(of, name);
      }
      if (this.#take("[") === undefined) return undefined;
      if (this.#take("?") !== undefined) throw new CelError("unsupported", "optional members ([?])");
      const index = this.#expression();
      this.#expect("]");
      return { kind: "index", of, index };
    });
  }

  /** After `target.name(`. */
  #method(target: Expression, name: string): Expression {
    const args = this.#expressions(")");
    const macro = macros.find((one) => one === name);
    if (macro === undefined) return { kind: "call", name, target, args };
    const [variable, test, ...more] = args;
    if (variable?.kind !== "name" || test === undefined)
      throw new CelError("parse", `${name}() has a name and an expression`);
    if (more.length > 0)
      throw new CelError("unsupported", `${name}() with more than a name and an expression`);
    return { kind: "macro", name: macro, of: target, variable: variable.name, test };
  }

  /** Expressions with commas between them, up to a bracket; one comma may stand before it in lists. */
  #expressions(end: ")" | "]"): readonly Expression[] {
    const found: Expression[] = [];
    while (this.#take(end) === undefined) {
      found.push(this.#expression());
      if (this.#take(",") !== undefined) {
        if (end === ")" && this.#take(end) !== undefined) throw this.#fault("an expression is expected");
      } else if (this.#take(end) === undefined) {
        throw this.#fault(`, or ${end} is expected`);
      } else {
        break;
      }
    }
    return found;
  }

  #map(): Expression {
    const entries: (readonly [Expression, Expression])[] = [];
    while (this.#take("}") === undefined) {
      const key = this.#expression();
      this.#expect(":");
      entries.push([key, this.#expression()]);
      if (this.#take(",") === undefined) {
        this.#expect("}");
        break;
      }
    }
    return { kind: "map", entries };
  }

  /** `name`, `name(…)` and `has(of.name)`. */
  #named(name: string): Expression {
    if (name === "true" || name === "false") return { kind: "literal", value: name === "true" };
    if (name === "null") return { kind: "literal", value: null };
    if (name === "in") throw this.#fault("an expression is expected before in");
    if (reserved.has(name)) throw this.#fault(`${name} is a reserved word`);
    if (this.#take("(") === undefined) return { kind: "name", name };
    const args = this.#expressions(")");
    if (name !== "has") return { kind: "call", name, args };
    const [of] = args;
    if (of?.kind !== "member" || args.length > 1)
      throw new CelError("parse", "has() asks for a member: has(assertion.name)");
    return { ...of, isTest: true };
  }

  #primary(): Expression {
    const token = this.#peek();
    if (this.#take("(") !== undefined) {
      const found = this.#expression();
      this.#expect(")");
      return found;
    }
    if (this.#take("[") !== undefined) return { kind: "list", items: this.#expressions("]") };
    if (this.#take("{") !== undefined) return this.#map();
    if (this.#take(".") !== undefined) throw new CelError("unsupported", "a name that begins with a dot");
    if (token.kind === "operator" || token.kind === "end") throw this.#fault("an expression is expected");
    this.#next += 1;
    switch (token.kind) {
      case "string":
        return { kind: "literal", value: token.text };
      case "int":
        if (token.value === 2n ** 63n) throw new CelError("parse", `${token.value} is larger than an int`);
        return { kind: "literal", value: token.value };
      case "double":
        return { kind: "literal", value: token.value };
      case "name":
        return this.#named(token.text);
    }
  }
}

/**
 * Reads an expression of Common Expression Language. Throws CelError: `parse` where it is none, `unsupported` with what
 * is not judged here. Source: https://github.com/google/cel-spec, doc/langdef.md, "Syntax" and "Macros".
 */
export function parseExpression(text: string): Expression {
  return new Parser(text).whole();
}
