import { type Attribute, type Block, HclExpression, JsonText, type HclValue } from "./syntax.ts";

const escapes: Readonly<Record<string, string>> = {
  '"': String.raw`\"`,
  "\\": "\\\\",
  "\n": String.raw`\n`,
  "\r": String.raw`\r`,
  "\t": String.raw`\t`,
};

/** A quoted text in which `${` and `%{` begin no template. */
function quoted(text: string): string {
  const safe = text
    .replaceAll(/["\\\p{Cc}]/gu, (char) => {
      const code = (char.codePointAt(0) ?? 0).toString(16).padStart(4, "0");
      return escapes[char] ?? String.raw`\u${code}`;
    })
    .replaceAll(/[$%](?=\{)/gu, "$&$&");
  return `"${safe}"`;
}

const isName = (text: string): boolean => /^[a-zA-Z_][\w-]*$/u.test(text);

const indented = (lines: readonly string[]): readonly string[] =>
  lines.map((line) => (line === "" ? "" : `  ${line}`));

/** A value in lines: the first follows its name, the last closes it. */
function valueLines(value: HclValue): readonly [string, ...string[]] {
  if (value instanceof HclExpression) return [value.text];
  if (value instanceof JsonText) return wrapped("jsonencode(", valueLines(value.value), ")");
  if (typeof value === "string") return [quoted(value)];
  if (typeof value !== "object") return [String(value)];
  if (Array.isArray(value)) return listLines(value as readonly HclValue[]);
  const fields = Object.entries(value).map(([name, one]) => ({
    name: isName(name) ? name : quoted(name),
    value: one,
  }));
  return fields.length === 0 ? ["{}"] : ["{", ...indented(attributeLines(fields)), "}"];
}

function wrapped(open: string, [first, ...rest]: readonly [string, ...string[]], close: string) {
  const last = rest.pop();
  if (last === undefined) return [`${open}${first}${close}`] as const;
  return [`${open}${first}`, ...rest, `${last}${close}`] as const;
}

const widest = 80;

function listLines(items: readonly HclValue[]): readonly [string, ...string[]] {
  const lines = items.map(valueLines);
  const short = `[${lines.map(([first]) => first).join(", ")}]`;
  if (lines.every((one) => one.length === 1) && short.length <= widest) return [short];
  return [
    "[",
    ...indented(lines.flatMap((one) => [...wrapped("", [...one] as [string, ...string[]], ",")])),
    "]",
  ];
}

/** Attributes in lines; the equals signs of adjacent one-line attributes are aligned, as in `tofu fmt`. */
function attributeLines(all: readonly Attribute[]): readonly string[] {
  const written = all.map(({ name, value }) => ({ name, lines: valueLines(value) }));
  return written.flatMap(({ name, lines: [first, ...rest] }, at) => {
    if (rest.length > 0) return [`${name} = ${first}`, ...rest];
    let [from, to] = [at, at];
    while (written[from - 1]?.lines.length === 1) from -= 1;
    while (written[to + 1]?.lines.length === 1) to += 1;
    const width = Math.max(...written.slice(from, to + 1).map((one) => one.name.length));
    return [`${name.padEnd(width)} = ${first}`];
  });
}

function blockLines({ type, labels, attributes, blocks = [], comment }: Block): readonly string[] {
  const head = [type, ...labels.map(quoted)].join(" ");
  const said = comment === undefined ? [] : [`# ${comment.replaceAll(/\p{Cc}+/gu, " ")}`];
  const inner = [
    ...attributeLines(attributes),
    ...blocks.flatMap((block, at) => [
      ...(at > 0 || attributes.length > 0 ? [""] : []),
      ...blockLines(block),
    ]),
  ];
  return inner.length === 0 ? [...said, `${head} {}`] : [...said, `${head} {`, ...indented(inner), "}"];
}

/** Blocks as the text of a file, formatted like `tofu fmt`. */
export function hclText(blocks: readonly Block[]): string {
  return blocks.map((block) => `${blockLines(block).join("\n")}\n`).join("\n");
}
