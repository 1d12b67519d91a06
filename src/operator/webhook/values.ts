const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];

/** What a JSON text may expand to when parsed. */
export interface ValueLimits {
  /** Depth of nested lists and objects. */
  readonly depth: number;
  /** Lists, objects and their values, in total. */
  readonly values: number;
}

/**
 * Counts the values of a JSON text without parsing it: lists, objects and what they contain. Throws a TypeError for too
 * many, or too deeply nested: parsed, four megabytes of brackets or small numbers become a hundred. Scans each byte
 * once.
 */
export function countValues(text: Uint8Array, limits: ValueLimits): number {
  let [depth, values] = [0, 1];
  let isText = false;
  for (let at = 0; at < text.length; at += 1) {
    const byte = text[at];
    if (byte === quote) isText = !isText;
    else if (isText) at += byte === backslash ? 1 : 0;
    else if (byte === comma) values += 1;
    else if (byte === openList || byte === openObject) {
      values += 1;
      depth += 1;
      if (depth > limits.depth) throw new TypeError("its lists and objects are nested too deeply");
    } else if (byte === closeList || byte === closeObject) depth -= 1;
    if (values > limits.values) throw new TypeError(`it has more than ${limits.values} values`);
  }
  return values;
}
