/** What stands where a vendor's words had a value. */
const gap = "<…>";

/** A word of a sentence, or a small number: everything else in a vendor's text may be a name, an address, an id, a token. */
const plainWord = /^\(?(?:[A-Za-z]{1,24}(?:'[a-z]{1,2})?|\d{1,5}%?)\)?[.,:;!?]*$/u;

/** What stands in quotation marks or brackets is a value, even where it is a word. */
const quoted = /(?<![A-Za-z])'[^']{0,400}'(?![A-Za-z])|"[^"]{0,400}"|\[[^\]]{0,400}\]/gu;

/** What Entra has before its sentence, and the numbers of the request behind it. */
const aroundText = /^AADSTS\d+: |\s*Trace ID: [^]*$/gu;

/** Characters of a text; vendors' longest have about 400. */
const maxLength = 600;

/**
 * A sentence with a gap for every value: only words of letters and numbers of five digits stay, none of them in quotation marks.
 * Of a vendor's own words `OwnWords.keep` makes less: a name may be a word.
 */
export function maskText(text: string): string {
  const rest = text.replaceAll(aroundText, "").replaceAll(quoted, gap);
  return closed(rest.split(/\s+/u).map((word) => (plainWord.test(word) ? word : gap)));
}

/** Words as a sentence, with one gap for several in a row. */
function closed(words: readonly string[]): string {
  const kept = words.filter((word, at) => word !== gap || words[at - 1] !== gap);
  return kept.join(" ").slice(0, maxLength).trim();
}

/** The longest row of words that two sentences have in common, as the places of the first; gaps are nobody's. */
function common(words: readonly string[], others: readonly string[]): ReadonlySet<number> {
  const lengths = Array.from({ length: words.length + 1 }, () => new Uint16Array(others.length + 1));
  const at = (i: number, j: number): number => lengths[i]?.[j] ?? 0;
  const isSame = (i: number, j: number): boolean => words[i] !== gap && words[i] === others[j];
  for (let i = words.length - 1; i >= 0; i -= 1)
    for (let j = others.length - 1; j >= 0; j -= 1)
      (lengths[i] as Uint16Array)[j] = isSame(i, j)
        ? at(i + 1, j + 1) + 1
        : Math.max(at(i + 1, j), at(i, j + 1));
  const found = new Set<number>();
  for (let i = 0, j = 0; i < words.length && j < others.length;)
    if (isSame(i, j) && at(i, j) === at(i + 1, j + 1) + 1) {
      found.add(i);
      i += 1;
      j += 1;
    } else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  return found;
}

const patternOf = (word: string): string =>
  word === gap ? ".+" : word.replaceAll(/[.*+?^${}()|[\]\\/]/gu, "\\$&");

const countOf = (words: readonly string[]): number => words.filter((word) => word !== gap).length;

/** What our own rules say of a vendor, masked: no more of its words is kept than stands there, in the same order. */
export class OwnWords {
  readonly #sentences: readonly (readonly string[])[];
  readonly #all: string;

  /** `names` are what a recording has of ours besides: of rules, cases and questions. */
  constructor(sentences: Iterable<string>, names: Iterable<string> = []) {
    const masked = [...new Set([...sentences].map((one) => maskText(one)))];
    this.#sentences = masked.map((one) => one.split(" "));
    this.#all = [...masked, ...names].join("\n");
  }

  /**
   * A vendor's sentence: as ours where it is ours with values in it, and else those of its words that the nearest of ours has. A
   * name of a person or a company is none of our words, and where it is, nobody learns it.
   */
  keep(text: string): string {
    const words = maskText(text).split(" ");
    const whole = words.join(" ");
    const fitting = this.#sentences.filter((one) =>
      new RegExp(`^${one.map(patternOf).join(" ")}$`, "u").test(whole),
    );
    // The one that says the most: a gap of another may have its words.
    const [ours] = fitting.toSorted((a, b) => countOf(b) - countOf(a));
    if (ours !== undefined) return ours.join(" ");
    const kept = this.#sentences.map((one) => common(words, one));
    const best = kept.reduce((a, b) => (b.size > a.size ? b : a), new Set<number>());
    return closed(words.map((word, at) => (best.has(at) ? word : gap)));
  }

  /** Whether a value stands in what we publish anyway, so that it tells nothing. */
  has(value: string): boolean {
    return this.#all.includes(value);
  }
}

/** Whether a text has only what `maskText` leaves. */
export function isMasked(text: string): boolean {
  return text.length <= maxLength && text.split(" ").every((word) => word === gap || plainWord.test(word));
}

/** Shorter ones would be found in any text. */
const minSecret = 4;

/** Every token, id and name that a run had in its hands: none of them may stand in what it writes. */
export class UsedValues {
  readonly #values = new Set<string>();

  /** Takes values to its list, and of a token each part; gives the first back. */
  add(value: string, ...more: readonly string[]): string {
    for (const one of [value, ...more])
      for (const part of [one, ...one.split(".").filter(({ length }) => length >= 16)])
        if (part.length >= minSecret) this.#values.add(part);
    return value;
  }

  [Symbol.iterator](): Iterator<string> {
    return this.#values[Symbol.iterator]();
  }

  /** Throws where one of them stands in a text, and not in our own words; what it is, is not said. */
  refuseIn(text: string, own: OwnWords): void {
    for (const value of this.#values)
      if (!own.has(value) && text.includes(value))
        throw new Error(`a value of this run (${value.length} characters) would be written: nothing was`);
  }
}
