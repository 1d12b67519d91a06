/** Tags or labels as a plain record. */
export type Tags = Readonly<Record<string, string>>;

/** The fields by which podtrust recognises its own. */
export interface Carried {
  /** 1 to 63 lower-case letters, digits and hyphens (src/config/schema.ts). */
  readonly stack: string;
  /** Empty where there is none. */
  readonly identity: string;
  /** Empty where it was lost. */
  readonly format: string;
}

/** The key of each field among labels. */
export type CarriedKeys = Readonly<Record<keyof Carried, string>>;

/** The fields as labels under these keys. */
export function writeLabels(keys: CarriedKeys, { stack, identity, format }: Carried): Tags {
  const marked = identity === "" ? {} : { [keys.identity]: identity };
  return { [keys.stack]: stack, ...marked, [keys.format]: format };
}

/** How a carrier reads a label by its key. */
export type LabelReader = (labels: Tags, key: string) => string | undefined;

/** The fields among other labels; undefined where nothing names a stack. */
export function readLabels(keys: CarriedKeys, labels: Tags, valueOf: LabelReader): Carried | undefined {
  const stack = valueOf(labels, keys.stack);
  if (stack === undefined) return undefined;
  const of = (key: string): string => valueOf(labels, key) ?? "";
  return { stack, identity: of(keys.identity), format: of(keys.format) };
}

/** The fields as a comment: `podtrust stack=prod format=1 id=3f2a91bc`. */
export function writeComment({ stack, identity, format }: Carried): string {
  return `podtrust stack=${stack} format=${format}${identity === "" ? "" : ` id=${identity}`}`;
}

/** The fields in a comment, which may contain other words as well; undefined where it is not ours. */
export function readComment(text: string): Carried | undefined {
  const [first, ...words] = text.split(" ");
  const valueOf = (field: string): string | undefined =>
    words.find((word) => word.startsWith(`${field}=`))?.slice(field.length + 1);
  const stack = valueOf("stack");
  if (first !== "podtrust" || stack === undefined) return undefined;
  return { stack, identity: valueOf("id") ?? "", format: valueOf("format") ?? "" };
}

/** What else a comment of ours says. */
export function wordsBeside(text: string): string {
  const [, ...words] = text.split(" ");
  return words.filter((word) => !/^(?:stack|format|id)=/u.test(word)).join(" ");
}
