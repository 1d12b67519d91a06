/**
 * A rule for oxlint: a member that may be absent is written with `defined` of src/core/base, not as a choice between an empty
 * object and one with it: `x === undefined ? {} : { x }`, and its mirror; with `mapped` beside it where the value is worked
 * out of what was tested. A member whose value does not ask what was tested is another thing, and passes; so is one whose
 * value asks it in a function alone, later.
 */
import type { RuleContext } from "./rule.ts";

interface Expression {
  readonly type: string;
  /** Of an Identifier or a PrivateIdentifier. */
  readonly name?: string;
  /** Of a Literal, as it is written. */
  readonly raw?: string;
  readonly computed?: boolean;
  readonly object?: Expression;
  readonly property?: Expression;
  /** Of a ChainExpression: `a?.b`. */
  readonly expression?: Expression;
  readonly properties?: readonly Property[];
}

interface Property {
  readonly type: string;
  readonly computed?: boolean;
  readonly key?: Expression;
  readonly value?: Expression;
}

interface ConditionalNode {
  readonly test: {
    readonly type: string;
    readonly operator?: string;
    readonly left?: Expression;
    readonly right?: Expression;
  };
  readonly consequent: Expression;
  readonly alternate: Expression;
}

/** An identifier or a member by its name as a text, `a?.b` like `a.b`; undefined for what has to be worked out. */
function pathOf(node: Expression | undefined): string | undefined {
  if (node?.type === "ChainExpression") return pathOf(node.expression);
  if (node?.type === "ThisExpression") return "this";
  if (node?.type === "Identifier") return node.name;
  if (node?.type !== "MemberExpression") return undefined;
  const object = pathOf(node.object);
  const { computed = false, property } = node;
  const name = computed ? property?.raw : property?.name;
  if (object === undefined || name === undefined) return undefined;
  return computed
    ? `${object}[${name}]`
    : `${object}.${property?.type === "PrivateIdentifier" ? "#" : ""}${name}`;
}

/** The only member of an object; undefined for every other expression. */
function onlyMember({ type, properties = [] }: Expression): Property | undefined {
  const [first, second] = properties;
  return type === "ObjectExpression" && first?.type === "Property" && second === undefined
    ? first
    : undefined;
}

const functions: ReadonlySet<string> = new Set(["ArrowFunctionExpression", "FunctionExpression"]);

/** Whether an expression asks what a path leads to: names that are no expression, and functions, do not count. */
function asks(node: unknown, path: string): boolean {
  if (Array.isArray(node)) return node.some((one) => asks(one, path));
  if (typeof node !== "object" || node === null) return false;
  const { type, computed } = node as Expression;
  if (functions.has(type)) return false;
  if (pathOf(node as Expression) === path) return true;
  const names: readonly string[] = computed === false ? ["parent", "key", "property"] : ["parent"];
  return Object.entries(node).some(([name, part]) => !names.includes(name) && asks(part, path));
}

const isEmpty = ({ type, properties }: Expression): boolean =>
  type === "ObjectExpression" && properties?.length === 0;

/** Whether all that a choice does is leave out a member without a value. */
function leavesOut({ test, consequent, alternate }: ConditionalNode): boolean {
  if (test.type !== "BinaryExpression" || pathOf(test.right) !== "undefined") return false;
  const isMirror = test.operator === "!==";
  if (!isMirror && test.operator !== "===") return false;
  const [empty, full] = isMirror ? [alternate, consequent] : [consequent, alternate];
  const member = isEmpty(empty) ? onlyMember(full) : undefined;
  const tested = pathOf(test.left);
  if (member === undefined || tested === undefined || !asks(member.value, tested)) return false;
  // A name that is worked out may need the value.
  return member.computed !== true || pathOf(member.key) !== undefined;
}

const message =
  "Write a member that may be absent with defined({ … }) of src/core/base, and mapped(…) in it.";

export const optionalMemberRule = {
  create: (context: RuleContext) => ({
    ConditionalExpression(node: ConditionalNode) {
      if (leavesOut(node)) context.report({ node, message });
    },
  }),
};
