/** The part of ESLint's rule API that oxlint gives and our rules ask. */
export interface RuleContext {
  /** Of the file that is judged, absolute. */
  readonly filename: string;
  report(problem: { node: unknown; message: string }): void;
}

/** `Date.now` or `clock.now()`'s callee: an object, and a member by its name. */
export interface MemberNode {
  readonly type: string;
  readonly computed?: boolean;
  readonly object?: { readonly type: string; readonly name?: string };
  readonly property?: { readonly type: string; readonly name?: string };
}

/** The path of a file from its `src/` on; undefined where it stands in none. */
export function sourcePath(filename: string): string | undefined {
  const parts = filename.split(/[/\\]/u);
  const at = parts.lastIndexOf("src");
  return at === -1 ? undefined : parts.slice(at).join("/");
}

/** Whether a list of files and of folders (that end with `/`) has a path. */
export function isListed(list: readonly string[], path: string): boolean {
  return list.some((entry) => (entry.endsWith("/") ? path.startsWith(entry) : path === entry));
}
