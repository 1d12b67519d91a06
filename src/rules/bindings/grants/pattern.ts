/** Whether a value fits a pattern: it is the pattern, or begins with what comes before the `*` at its end. */
function fits(pattern: string, value: string): boolean {
  return pattern.endsWith("*") ? value.startsWith(pattern.slice(0, -1)) : value === pattern;
}

/** The same as CEL: `pattern` and `value` are expressions. */
export function fitsCel(pattern: string, value: string): string {
  return `(${pattern}.endsWith('*') ? ${value}.startsWith(${pattern}.substring(0, size(${pattern}) - 1)) : ${value} == ${pattern})`;
}

/** Whether a value fits one of some patterns. */
export function fitsAny(patterns: readonly string[] | undefined, value: string): boolean {
  return (patterns ?? []).some((pattern) => fits(pattern, value));
}
