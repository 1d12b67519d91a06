/**
 * Characters that command a terminal or hide from the eye: controls of C0 and C1 with DEL, line and paragraph
 * separators, format characters (bidi overrides and isolates, zero-width ones, tags), fillers and variation
 * selectors, and surrogates without their other half (Unicode 16, General_Category and Default_Ignorable).
 */
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

const hex = (code: number): string => code.toString(16).padStart(4, "0");

/** A character as it can be read by its code, as in JavaScript. */
function readable(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  return code > 0xff_ff ? `\\u{${code.toString(16)}}` : `\\u${hex(code)}`;
}

/** Text of one line in which nothing commands a terminal; tabs stay, line breaks do not. */
export function visible(text: string): string {
  return text.replaceAll(hidden, (char) => (char === "\t" ? char : readable(char)));
}

/** The same of text with several lines: their breaks stay. */
export function visibleLines(text: string): string {
  return text.replaceAll(hidden, (char) => (char === "\t" || char === "\n" ? char : readable(char)));
}

/** Text of JSON (RFC 8259 §7), the same value, in which nothing commands a terminal. */
export function visibleJson(json: string): string {
  return json.replaceAll(hidden, (char) => {
    // Outside of strings JSON has no other hidden character than these two.
    if (char === "\t" || char === "\n") return char;
    return Array.from({ length: char.length }, (_, index) => `\\u${hex(char.charCodeAt(index))}`).join("");
  });
}
