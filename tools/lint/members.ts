/** Members of objects as rules of ours look for them, however a source spells them. */
import type { Node, RuleContext } from "./rule.ts";

const wrappers: ReadonlySet<string> = new Set([
  "ChainExpression",
  "ExpressionStatement",
  "TSAsExpression",
  "TSNonNullExpression",
  "TSSatisfiesExpression",
  "ParenthesizedExpression",
]);

/** What stands in `(a)`, `a!`, `a as B` and `a?.b`. */
export function bare(node: Node): Node {
  return node.expression !== undefined && wrappers.has(node.type) ? bare(node.expression) : node;
}

/** A name that is written: `b`, `#b`, `["b"]`; undefined where only running it says. */
function written(name: Node | undefined, isComputed = false): string | undefined {
  if (name?.type === "PrivateIdentifier") return `#${name.name}`;
  if (!isComputed && name?.type === "Identifier") return name.name;
  if (name?.type === "TemplateLiteral") return name.quasis?.[0]?.value.cooked ?? undefined;
  return typeof name?.value === "string" ? name.value : undefined;
}

/** The member that an expression reads: `b` of `a.b`, `a?.b`, `a["b"]`; undefined for every other expression. */
export function memberOf(node: Node): string | undefined {
  return node.type === "MemberExpression" ? written(node.property, node.computed) : undefined;
}

/** What an expression is called at its end: `clock` of `clock`, `this.#clock` and `options.clock`. */
export function lastName(node: Node | null | undefined): string | undefined {
  const inside = node === null || node === undefined ? undefined : bare(node);
  if (inside?.type === "Identifier") return inside.name;
  return inside === undefined ? undefined : memberOf(inside)?.replace(/^#/u, "");
}

/** The members that a pattern takes: `b` and `c` of `{ b, c: d }`. */
export function takenBy(
  pattern: Node | null | undefined,
): readonly (readonly [name: string, member: Node])[] {
  return (pattern?.type === "ObjectPattern" ? (pattern.properties ?? []) : []).flatMap((member) => {
    const name = written(member.key, member.computed);
    return name === undefined ? [] : [[name, member] as const];
  });
}

const globals: ReadonlySet<string> = new Set(["globalThis", "global"]);

/** Where a program names a global, or what a module of Node's gives by default: `process`, `globalThis.process`. */
function namesOf(context: RuleContext, global: string, modules: readonly string[]): readonly Node[] {
  if (!context.sourceCode.text.includes(global)) return [];
  const { scopes, globalScope } = context.sourceCode.scopeManager;
  // What the language itself brings is a variable of the global scope; what Node brings is declared nowhere.
  const known = (globalScope?.variables ?? []).filter(({ defs }) => defs.length === 0);
  const free = [...(globalScope?.through ?? []), ...known.flatMap(({ references }) => references)].map(
    ({ identifier }) => identifier,
  );
  const imported = scopes.flatMap(({ variables }) =>
    variables
      .filter(({ defs }) =>
        defs.some(
          ({ type, node, parent }) =>
            type === "ImportBinding" &&
            modules.includes(String(parent?.source?.value)) &&
            (node.type !== "ImportSpecifier" || ["default", global].includes(node.imported?.name ?? "")),
        ),
      )
      .flatMap(({ references }) => references.map(({ identifier }) => identifier)),
  );
  const through = free
    .filter(({ name = "" }) => globals.has(name))
    .flatMap(({ parent }) => (parent !== undefined && memberOf(parent) === global ? [parent] : []));
  return [...free.filter(({ name }) => name === global), ...imported, ...through];
}

/** A use of a global: of one of its members, or of the object itself, which is handed on or has another name from there on. */
export interface Use {
  readonly node: Node;
  readonly member?: string;
}

const judging: ReadonlySet<string> = new Set(["BinaryExpression", "UnaryExpression", "ExportSpecifier"]);

function usesAt(named: Node): readonly Use[] {
  let [node, { parent }] = [named, named];
  while (parent !== undefined && wrappers.has(parent.type)) [node, parent] = [parent, parent.parent];
  if (parent === undefined || judging.has(parent.type) || parent.type.startsWith("TS")) return [];
  if (parent.type === "MemberExpression" && parent.object === node) {
    const member = memberOf(parent);
    return [member === undefined ? { node } : { node: parent, member }];
  }
  if ((parent.type === "NewExpression" || parent.type === "CallExpression") && parent.callee === node)
    return [];
  const pattern = parent.init === node ? parent.id : parent.right === node ? parent.left : undefined;
  const taken = takenBy(pattern);
  // `const { a, ...rest } = process` takes all of it.
  if (pattern?.type === "ObjectPattern" && taken.length === pattern.properties?.length)
    return taken.map(([member, at]) => ({ node: at, member }));
  return [{ node }];
}

/** All uses of a global in a file, under whatever name it is imported from one of these modules. */
export function usesOf(
  context: RuleContext,
  global: string,
  modules: readonly string[] = [],
): readonly Use[] {
  return namesOf(context, global, modules).flatMap(usesAt);
}
