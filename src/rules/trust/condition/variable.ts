import type { PolicyVersion } from "../language/document.ts";
import type { ContextKeys } from "./context.ts";
import { type Pattern, patternOf } from "./pattern.ts";

// ${key}, ${key, 'default'}; IAM User Guide, "IAM policy elements: Variables and tags". White space around the key
// is part of what is caught and cut off later: no text has two ways to be read, and none takes long.
const variable = /\$\{([^,{}]+)(?:,\s*'([^']*)'\s*)?\}/gu;
const escaped = new Set(["*", "?", "$"]);

function valueOf(name: string, otherwise: string | undefined, keys: ContextKeys): string | undefined {
  if (otherwise === undefined && escaped.has(name)) return name;
  return keys.single(name) ?? otherwise;
}

/**
 * A value of a policy with its variables replaced; what replaces them is plain text, wildcards in it do not count.
 * Undefined when the request has no single value for one of them and the policy no default: then nothing is equal
 * to it. Before Version 2012-10-17 there are no variables, and `${aws:username}` means these very characters.
 */
export function expandValue(text: string, version: PolicyVersion, keys: ContextKeys): Pattern | undefined {
  if (version !== "2012-10-17" || !text.includes("${")) return patternOf(text);
  const pattern: Pattern[number][] = [];
  let end = 0;
  for (const match of text.matchAll(variable)) {
    const value = valueOf((match[1] as string).trim(), match[2], keys);
    if (value === undefined) return undefined;
    pattern.push(...patternOf(text.slice(end, match.index)), ...Array.from(value));
    end = match.index + match[0].length;
  }
  return [...pattern, ...patternOf(text.slice(end))];
}

/** The keys that a value's policy variables name. */
export function variablesOf(text: string): readonly string[] {
  return [...text.matchAll(variable)].map((match) => (match[1] as string).trim());
}
