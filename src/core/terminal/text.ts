import { visible } from "./escape.ts";

/** Select Graphic Rendition, on and off (ECMA-48 §8.3.117): all that podtrust ever asks of a terminal's colours. */
const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;

/** `unbroken` is no colour: its spaces are none between words, so that no line ends in it. */
export type Style = keyof typeof codes | "unbroken";

/** Text with a look. Only this file makes one, and only `paint` turns it into escape sequences. */
class Styled {
  readonly #look: Style;
  readonly #content: Text;

  constructor(look: Style, content: Text) {
    this.#look = look;
    this.#content = content;
  }

  spans(looks: readonly Style[]): readonly Span[] {
    return spansOf(this.#content, [...looks, this.#look]);
  }
}

export type { Styled };

/**
 * What a command may say. A string is never more than text: escape sequences in it are shown and not sent, wherever
 * they come from, so that colour comes from `bold`, `red` and their like alone.
 */
export type Text = string | Styled | readonly Text[];

export const bold = (content: Text): Styled => new Styled("bold", content);
export const dim = (content: Text): Styled => new Styled("dim", content);
export const red = (content: Text): Styled => new Styled("red", content);
export const green = (content: Text): Styled => new Styled("green", content);
export const yellow = (content: Text): Styled => new Styled("yellow", content);
export const cyan = (content: Text): Styled => new Styled("cyan", content);
/** A command to copy: a line break in it would make it another command. */
export const unbroken = (content: Text): Styled => new Styled("unbroken", content);

/** A template in which pieces may have looks: `` rich`${green("Done")}: ${count}` ``. */
export function rich(fixed: TemplateStringsArray, ...values: readonly (Text | number)[]): Text {
  return fixed.flatMap((part, index) => {
    const value = values[index];
    return value === undefined ? [part] : [part, typeof value === "number" ? String(value) : value];
  });
}

/** A run of visible characters of one look. */
export interface Span {
  readonly text: string;
  readonly looks: readonly Style[];
}

/** The runs of a text, escaped. */
export function spansOf(said: Text, looks: readonly Style[] = []): readonly Span[] {
  if (typeof said === "string") return said === "" ? [] : [{ text: visible(said), looks }];
  return "spans" in said ? said.spans(looks) : said.flatMap((part) => spansOf(part, looks));
}

/** The characters alone. */
export function plain(spans: readonly Span[]): string {
  return spans.map((span) => span.text).join("");
}

function painted({ text: inner, looks }: Span): string {
  return looks.reduceRight((within, look) => {
    if (look === "unbroken") return within;
    const [on, off] = codes[look];
    return `\u001B[${on}m${within}\u001B[${off}m`;
  }, inner);
}

/** The runs as a terminal takes them. */
export function paint(spans: readonly Span[], color: boolean): string {
  return color ? spans.map(painted).join("") : plain(spans);
}
