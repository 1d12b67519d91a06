/** What every page of rules has of a rule, of any relying party. */
export interface ShownRule {
  readonly name: string;
  /** What it asks for, as one sentence. */
  readonly title: string;
  readonly sources: readonly string[];
  readonly evidence: string;
  readonly note?: string;
}

/** A text as code, also where it stands in a table. */
export const code = (text: string): string => `\`${text.replaceAll("|", String.raw`\|`)}\``;

const sourceText = (source: string): string => (source.startsWith("https://") ? `<${source}>` : source);

/** What a rule asks for, what it answers, and from where it is known; `folder` of the conformance tests has its own. */
export function ruleBody(
  rule: ShownRule,
  answers: { readonly head: string; readonly rows: readonly string[] },
  folder: string,
): string {
  const { name, title, evidence, sources, note } = rule;
  return [
    `${title} *${evidence}*`,
    "",
    `| refused when | ${answers.head} | text |`,
    "| --- | --- | --- |",
    ...answers.rows,
    "",
    ...(note === undefined ? [] : [note, ""]),
    `Known from ${sources.map(sourceText).join(", ")}. Proven by`,
    `[${name}.test.ts](../../test/conformance/${folder}/${name}.test.ts).`,
    "",
  ].join("\n");
}
