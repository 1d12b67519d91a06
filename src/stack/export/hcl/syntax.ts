/** An expression that is written verbatim: a reference, or a call. */
export class HclExpression {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A value of HCL (https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md). */
export type HclValue =
  | string
  | number
  | boolean
  | HclExpression
  /** `jsonencode(…)` of a value that may contain references. */
  | JsonText
  | readonly HclValue[]
  | { readonly [name: string]: HclValue };

/** A JSON document, written as the object that it holds. */
export class JsonText {
  readonly value: HclValue;

  constructor(value: HclValue) {
    this.value = value;
  }
}

/** `name = value` */
export interface Attribute {
  readonly name: string;
  readonly value: HclValue;
}

/** `type "label" { … }` */
export interface Block {
  readonly type: string;
  readonly labels: readonly string[];
  readonly attributes: readonly Attribute[];
  readonly blocks?: readonly Block[];
  /** A comment in the line before it. */
  readonly comment?: string;
}

/** The attributes of an object, without those that are undefined. */
export function attributes(values: Readonly<Record<string, HclValue | undefined>>): readonly Attribute[] {
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
}

/** A name valid in HCL for a resource: other characters become underscores. */
export function identifier(text: string): string {
  const name = text.replaceAll(/[^a-zA-Z0-9_-]/gu, "_");
  return /^[a-zA-Z_]/u.test(name) ? name : `_${name}`;
}

/** Unique identifiers for texts: `a.b` is `a_b`, and `a@b` then `a_b_2`. */
export function identifiers(texts: readonly string[], written = identifier): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const text of texts) {
    if (names.has(text)) continue;
    const first = written(text);
    let name = first;
    for (let count = 2; taken.has(name); count += 1) name = `${first}_${count}`;
    taken.add(name);
    names.set(text, name);
  }
  return names;
}
