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
 * A vendor's sentence with a gap for every value: only words of letters and numbers of five digits stay, none of them in
 * quotation marks, and none that is `known`. The same sentence of our rules, masked by this, is equal to it whatever the values were.
 */
export function maskText(text: string, known: Iterable<string> = []): string {
  let rest = text.replaceAll(aroundText, "");
  // The longest first: a tenant's domain has its name inside.
  for (const value of [...known].sort((a, b) => b.length - a.length)) rest = rest.replaceAll(value, gap);
  rest = rest.replaceAll(quoted, gap);
  const words = rest.split(/\s+/u).map((word) => (plainWord.test(word) ? word : gap));
  const kept = words.filter((word, at) => word !== gap || words[at - 1] !== gap);
  return kept.join(" ").slice(0, maxLength).trim();
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

  /** Throws where one of them stands in a text; what it is, is not said. */
  refuseIn(text: string): void {
    for (const value of this.#values)
      if (text.includes(value))
        throw new Error(`a value of this run (${value.length} characters) would be written: nothing was`);
  }
}
