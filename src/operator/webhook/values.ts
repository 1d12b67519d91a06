const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];

/** What a JSON text may come to once it is parsed. */
export interface ValueLimits {
  /** Lists and objects in one another. */
  readonly depth: number;
  /** Lists, objects, and what stands in them, together. */
  readonly values: number;
}

/**
 * How many values a JSON text has that nobody has parsed yet: lists, objects and what stands in them. Throws a TypeError
 * where there are too many, or too deep in one another: parsed, four megabytes of brackets or small numbers are a hundred.
 * Costs a look at each byte.
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
      if (depth > limits.depth) throw new TypeError("its lists and objects stand too deep in one another");
    } else if (byte === closeList || byte === closeObject) depth -= 1;
    if (values > limits.values) throw new TypeError(`it has more than ${limits.values} values`);
  }
  return values;
}
