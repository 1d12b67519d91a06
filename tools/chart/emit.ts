import { yamlText } from "../../src/core/yaml/index.ts";
import { anyOf } from "./choices.ts";
import type { Node, Part } from "./merge.ts";

/**
 * Marks whose value in Helm may be empty. Where one is the whole value of a key the key goes with it; where one is a key, or
 * the name of a list's item, it stands for all entries of a map. Where one is an item it stands for all items of a list. Where
 * one is a port that rules of the network open, the rule goes with it.
 */
export type OptionalMarks = ReadonlyMap<string, string>;

/** Texts of letters, digits, hyphens and quotes that stand in objects for what Helm fills in, each with an expression of Helm's for it. */
export type Marks = ReadonlyMap<string, string>;

/** Writes a node as YAML with Helm's language in it. */
export class Emitter {
  readonly #marks: Marks;
  readonly #optional: OptionalMarks;
  readonly #pattern: RegExp;

  constructor(marks: Marks, optional: OptionalMarks = new Map()) {
    this.#marks = marks;
    this.#optional = optional;
    // The longest first: one may begin another.
    const texts = [...marks.keys()].sort((a, b) => b.length - a.length);
    this.#pattern = new RegExp(texts.join("|") || "(?!)", "gu");
  }

  /** A list of objects as documents. */
  documents(node: Node): readonly string[] {
    const list = node.kind === "value" ? opened(node.value) : node;
    if (list.kind !== "list") throw new TypeError("the objects of a part have no common order");
    return list.items.flatMap(({ when, node: item }) =>
      this.#lines(when?.text, item, (one) => ["---", ...this.#block(one, "")]),
    );
  }

  /** What stands there on condition, and one of several. */
  #lines(when: string | undefined, node: Node, write: (node: Node) => readonly string[]): readonly string[] {
    if (when !== undefined)
      return [`{{- if ${when} }}`, ...this.#lines(undefined, node, write), "{{- end }}"];
    if (node.kind !== "either") return write(node);
    const last = node.of.length - 1;
    const branches = node.of.flatMap((one, index) => {
      const head =
        index === 0 ? `if ${one.when?.text}` : index === last ? "else" : `else if ${one.when?.text}`;
      return [`{{- ${head} }}`, ...this.#lines(undefined, one.node, write)];
    });
    return [...branches, "{{- end }}"];
  }

  #block(node: Node, indent: string): readonly string[] {
    if (node.kind === "value") return this.#block(opened(node.value), indent);
    if (node.kind === "either") return this.#lines(undefined, node, (one) => this.#block(one, indent));
    if (node.kind === "list")
      return node.items.flatMap(({ when, node: item }) =>
        this.#lines(when?.text, item, (one) => this.#item(one, indent)),
      );
    return node.entries.flatMap(({ key, when, node: value }) =>
      this.#lines(when?.text ?? this.#someOf(value), value, (one) => this.#entry(key, one, indent)),
    );
  }

  /**
   * What holds where a list has an item; undefined where it always has one. Where one group decides all of them, each way of it was
   * seen.
   */
  #someOf(node: Node): string | undefined {
    if (node.kind !== "list") return undefined;
    const conditions = node.items.flatMap(({ when, node: item }) => {
      const items = this.#optional.get(String(plain(item)));
      return when ?? (items === undefined ? [] : { by: items, text: items });
    });
    if (conditions.length < node.items.length || new Set(conditions.map(({ by }) => by)).size === 1)
      return undefined;
    return anyOf(conditions.map(({ text }) => text));
  }

  #entry(key: string, node: Node, indent: string): readonly string[] {
    const entries = this.#optional.get(key);
    if (entries !== undefined)
      return [
        `{{- range $key, $value := ${entries} }}`,
        `${indent}{{ $key | toJson }}: {{ $value | toJson }}`,
        "{{- end }}",
      ];
    const optional = this.#wholeOf(node);
    if (optional !== undefined) return this.#optionalEntry(key, optional, indent);
    const name = this.#literal(key);
    const scalar = this.#scalar(node);
    if (scalar !== undefined) return [`${indent}${name}: ${scalar}`];
    return [`${indent}${name}:`, ...this.#block(node, `${indent}  `)];
  }

  /** The expression that a node stands for alone: a mark, a map of one mark's entries, a list of them. */
  #wholeOf(node: Node): { readonly expression: string; readonly form: "whole" | "variables" } | undefined {
    const value = plain(node);
    const whole = typeof value === "string" ? this.#optional.get(value) : undefined;
    if (whole !== undefined) return { expression: whole, form: "whole" };
    const members = Array.isArray(value) ? value.map(nameOf) : Object.keys(Object(value) as object);
    const [mark = "", ...others] = members;
    const expression = others.length === 0 ? this.#optional.get(mark) : undefined;
    if (expression === undefined) return undefined;
    return { expression, form: Array.isArray(value) ? "variables" : "whole" };
  }

  #optionalEntry(
    key: string,
    { expression, form }: { readonly expression: string; readonly form: "whole" | "variables" },
    indent: string,
  ): readonly string[] {
    const lines =
      form === "whole"
        ? [`${indent}${key}: {{ . | toJson }}`]
        : [`${indent}${key}:`, ...variables(".", indent + "  ")];
    return [`{{- with ${expression} }}`, ...lines, "{{- end }}"];
  }

  #item(node: Node, indent: string): readonly string[] {
    const entries = this.#optional.get(nameOf(plain(node)));
    if (entries !== undefined) return variables(entries, indent);
    const items = this.#optional.get(String(plain(node)));
    if (items !== undefined) return [`{{- range ${items} }}`, `${indent}- {{ . | toJson }}`, "{{- end }}"];
    const scalar = this.#scalar(node);
    if (scalar !== undefined) return [`${indent}- ${scalar}`];
    const port = this.#optional.get(portOf(plain(node)));
    if (port !== undefined)
      return [`{{- with ${port} }}`, `${indent}- port: {{ . }}`, `${indent}  protocol: TCP`, "{{- end }}"];
    const lines = this.#block(node, `${indent}  `);
    const [first = "", ...rest] = lines;
    // The hyphen takes the place of the first key's indentation, where nothing decides whether that is there.
    if (first.startsWith("{{")) return [`${indent}-`, ...lines];
    return [`${indent}- ${first.slice(indent.length + 2)}`, ...rest];
  }

  /** On the line of its key; undefined where it takes lines of its own. */
  #scalar(node: Node): string | undefined {
    if (node.kind !== "value") return undefined;
    const { value } = node;
    if (typeof value === "string") return this.#text(value);
    if (typeof value === "object" && value !== null)
      return Object.keys(value).length === 0 ? JSON.stringify(value) : undefined;
    const mark = this.#marks.get(String(value));
    return mark === undefined ? String(value) : `{{ ${mark} }}`;
  }

  #text(text: string): string {
    const whole = this.#marks.get(text);
    if (whole !== undefined) return `{{ ${whole} | toJson }}`;
    const found = text.match(this.#pattern) ?? [];
    if (found.length === 0) return this.#literal(text);
    const format = text.replaceAll("%", "%%").replaceAll(this.#pattern, "%v");
    const values = found.map((mark) => grouped(this.#marks.get(mark) ?? "")).join(" ");
    return `{{ printf ${JSON.stringify(format)} ${values} | toJson }}`;
  }

  /** What Helm would take for its own is written as a text. */
  #literal(text: string): string {
    if (text.includes("{{")) return `{{ ${JSON.stringify(text)} | toJson }}`;
    const plain = yamlText([text]).trimEnd().replace(/^- /u, "");
    return plain.includes("\n") ? JSON.stringify(text) : plain;
  }
}

/** A node's value where it is the same in every way. */
const plain = (node: Node): unknown => (node.kind === "value" ? node.value : undefined);

const nameOf = (value: unknown): string =>
  typeof value === "object" && value !== null && "name" in value ? String(value.name) : "";

const portOf = (value: unknown): string =>
  typeof value === "object" && value !== null && "port" in value ? String(value.port) : "";

/** A map of environment variables as the list that a container has. */
const variables = (expression: string, indent: string): readonly string[] => [
  `{{- range $name, $value := ${expression} }}`,
  `${indent}- name: {{ $name | toJson }}`,
  `${indent}  value: {{ $value | toJson }}`,
  "{{- end }}",
];

const grouped = (expression: string): string => (expression.includes(" ") ? `(${expression})` : expression);

/** A value whose parts may hold marks, part by part. */
function opened(value: unknown): Node {
  const always = (one: unknown): Part => ({ when: undefined, node: { kind: "value", value: one } });
  if (Array.isArray(value)) return { kind: "list", items: value.map(always) };
  const entries = Object.entries(value as object).map(([key, one]) => ({ key, ...always(one) }));
  return { kind: "map", entries };
}
