/** A text as a literal of CEL, whose escapes are those of JSON for all that is written here. */
export function literal(text: string): string {
  return JSON.stringify(text);
}

/** Texts as a list of CEL. */
export function literals(texts: readonly string[]): string {
  return `[${texts.map(literal).join(", ")}]`;
}

/** Characters of an expression that stays on one line. */
const width = 100;

/** A text within another, two spaces further in. A literal of CEL has no line end in it. */
export function indented(text: string): string {
  return text.replaceAll("\n", "\n  ");
}

/** Members between two signs, a line for each if they are long. */
export function enclosed(open: string, members: readonly string[], close: string): string {
  const line = `${open}${members.join(", ")}${close}`;
  if (line.length <= width && !line.includes("\n")) return line;
  return `${indented([open, members.join(",\n")].join("\n"))}\n${close}`;
}

/** A map of CEL whose values may be of several types; a line for each member, if it is long. */
export function record(members: Readonly<Record<string, string>>): string {
  const inside = Object.entries(members).map(([key, value]) => `${literal(key)}: dyn(${value})`);
  return enclosed("{", inside, "}");
}

/** Whether an expression is a literal and no more. */
const isLiteral = (expression: string): boolean => /^"(?:[^"\\]|\\.)*"$/u.test(expression);

/** Texts one after the other, a line for each if they are long; literals that stand beside one another are one. */
export function concatenated(...texts: readonly string[]): string {
  const merged: string[] = [];
  for (const text of texts) {
    const before = merged.at(-1) ?? "";
    if (isLiteral(before) && isLiteral(text)) merged[merged.length - 1] = before.slice(0, -1) + text.slice(1);
    else merged.push(text);
  }
  const line = merged.join(" + ");
  return line.length <= width ? line : merged.join("\n+ ");
}

/** A list with these members where the condition holds, else an empty one. */
export function listIf(condition: string, ...members: readonly string[]): string {
  const list = enclosed("[", members, "]");
  const line = `(${condition} ? ${list} : [])`;
  if (line.length <= width && !line.includes("\n")) return line;
  return `(${indented(condition)}\n  ? ${indented(list)}\n  : [])`;
}

/** The value of the first condition that holds; a line for each. */
export function choose(
  cases: readonly (readonly [condition: string, value: string])[],
  otherwise: string,
): string {
  return cases
    .map(([condition, value]) => `${condition} ? ${value}\n  : `)
    .concat(otherwise)
    .join("");
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
  /** What it is, for readers of the policy: one line. */
  readonly comment?: string;
  readonly expression: string;
}
