/** The path of a file that each pattern matches, of those with `*`, `**` and one level of `{a,b}`. */
export function oneFileEach(patterns: readonly string[]): string[] {
  return patterns.map((pattern) =>
    pattern
      .replaceAll(/\{([^,}]*)[^}]*\}/gu, "$1")
      .replaceAll("**/", "")
      .replaceAll("*", "planted"),
  );
}
