/** A text as a literal of CEL, whose escapes are those of JSON for all that is written here. */
export function literal(text: string): string {
  return JSON.stringify(text);
}

/** Texts as a list of CEL. */
export function literals(texts: readonly string[]): string {
  return `[${texts.map(literal).join(", ")}]`;
}

/** A map of CEL whose values may be of several types. */
export function record(members: Readonly<Record<string, string>>): string {
  const inside = Object.entries(members).map(([key, value]) => `${literal(key)}: dyn(${value})`);
  return `{${inside.join(", ")}}`;
}

/** A text that is matched letter for letter, inside of a regular expression. */
export function verbatim(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/gu, String.raw`\$&`);
}

/** Whether an expression's text fits a pattern. */
export function fits(expression: string, pattern: RegExp): string {
  return `${expression}.matches(${literal(pattern.source)})`;
}

/** A variable of a policy: it is computed where another expression needs it, and once. */
export interface PolicyVariable {
  readonly name: string;
  readonly expression: string;
}
