/** The part of ESLint's rule API that oxlint gives and our rules ask. */
export interface RuleContext {
  /** Of the file that is judged, absolute. */
  readonly filename: string;
  readonly sourceCode: {
    readonly text: string;
    readonly scopeManager: { readonly scopes: readonly Scope[]; readonly globalScope: Scope | null };
  };
  report(problem: { node: unknown; message: string }): void;
}

interface Scope {
  readonly variables: readonly Variable[];
  /** What no scope inside declares. */
  readonly through: readonly Reference[];
}

interface Reference {
  readonly identifier: Node;
}

interface Variable {
  readonly name: string;
  readonly references: readonly Reference[];
  readonly defs: readonly { readonly type: string; readonly node: Node; readonly parent: Node | null }[];
}

/** A node of ESTree, of whose members our rules ask these. */
export interface Node {
  readonly type: string;
  readonly parent?: Node;
  /** Of an Identifier or a PrivateIdentifier. */
  readonly name?: string;
  readonly computed?: boolean;
  readonly object?: Node;
  readonly property?: Node;
  readonly callee?: Node;
  readonly arguments?: readonly Node[];
  /** Of `a?.b` and `a as B` and `a!`. */
  readonly expression?: Node;
  /** Of a pattern, its members; of one of those, its name and what it is bound to. */
  readonly properties?: readonly Node[];
  readonly key?: Node;
  /** Of a Literal a text or a number; of a member, a node. */
  readonly value?: unknown;
  readonly quasis?: readonly { readonly value: { readonly cooked: string | null } }[];
  /** Of a declaration, a default and an assignment: what is bound to what. */
  readonly id?: Node | null;
  readonly init?: Node | null;
  readonly left?: Node;
  readonly right?: Node;
  readonly operator?: string;
  readonly body?: unknown;
  /** Of an import. */
  readonly source?: { readonly value: unknown };
  readonly specifiers?: readonly Node[];
  readonly imported?: Node;
  readonly local?: Node;
}

/** The path of a file that ships, from its `src/` or `packages/` on; undefined where it stands in neither. */
export function sourcePath(filename: string): string | undefined {
  const parts = filename.split(/[/\\]/u);
  const at = parts.findLastIndex((part) => part === "src" || part === "packages");
  return at === -1 ? undefined : parts.slice(at).join("/");
}

/** Whether a list of files and of folders (that end with `/`) has a path. */
export function isListed(list: readonly string[], path: string): boolean {
  return list.some((entry) => (entry.endsWith("/") ? path.startsWith(entry) : path === entry));
}

/** The path of a test, or of what tests share, from its `src/` or `test/` on; undefined for all other files. */
export function testPath(filename: string): string | undefined {
  const parts = filename.split(/[/\\]/u);
  const at = parts.findIndex((part, index) => {
    const isRoot = part === "test" || part === "src";
    return isRoot && !parts.slice(0, index).some((before) => before === "test" || before === "src");
  });
  const path = at === -1 ? "" : parts.slice(at).join("/");
  return path.startsWith("test/") || path.endsWith(".test.ts") ? path : undefined;
}
