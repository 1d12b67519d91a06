/** Tags or labels as a plain record. */
export type Tags = Readonly<Record<string, string>>;

/** The fields by which podtrust recognises its own. */
export interface Carried {
  /** 1 to 63 lower-case letters, digits and hyphens (src/config/schema.ts). */
  readonly stack: string;
  /** Empty where it was lost. */
  readonly format: string;
}

interface Keys {
  readonly stack: string;
  readonly format: string;
}

/** The fields as labels under these keys. */
export function writeLabels(keys: Keys, { stack, format }: Carried): Tags {
  return { [keys.stack]: stack, [keys.format]: format };
}

/** How a carrier reads a label by its key. */
export type LabelReader = (labels: Tags, key: string) => string | undefined;

/** The fields among other labels; undefined where nothing names a stack. */
export function readLabels(keys: Keys, labels: Tags, valueOf: LabelReader): Carried | undefined {
  const stack = valueOf(labels, keys.stack);
  return stack === undefined ? undefined : { stack, format: valueOf(labels, keys.format) ?? "" };
}

/** The fields as a comment: `podtrust stack=prod format=1`. */
export function writeComment({ stack, format }: Carried): string {
  return `podtrust stack=${stack} format=${format}`;
}

/** The fields in a comment, which may contain other words as well; undefined where it is not ours. */
export function readComment(text: string): Carried | undefined {
  const [first, ...words] = text.split(" ");
  const valueOf = (field: string): string | undefined =>
    words.find((word) => word.startsWith(`${field}=`))?.slice(field.length + 1);
  const stack = valueOf("stack");
  return first === "podtrust" && stack !== undefined ? { stack, format: valueOf("format") ?? "" } : undefined;
}
