import { maskedNames } from "./credential-rows.ts";
import { secretName } from "./secret-names.ts";

/** What stands in the place of a secret. */
export const leftOut = "[left out]";

/** A form in which a text gives a name its value. */
interface NamedForm {
  /** What stands before the value; group `name` where that says whether it is a secret. A name begins at its first letter. */
  readonly before: RegExp;
  /** From there on. */
  readonly value: RegExp;
  readonly holds?: (value: string) => boolean;
}

/** A word of a sentence: `the token: expired`. */
const isWord = (value: string): boolean => /^[a-z][a-z-]{0,30}[.!?]?$/iu.test(value);

const bare = /[^\s"'&,;<>(){}[\]\\]{1,8192}/uy;

const forms: readonly NamedForm[] = [
  // Headers of HTTP, whose value is the rest of the line.
  {
    before:
      /(?<![\w.-])(?:(?:proxy-)?authorization|(?:set-)?cookie|x-[\w-]{1,40}(?:token|key|secret))\\?["']?\s{0,4}[:=]\s{0,4}/giu,
    value: /[^\r\n]{1,8192}/uy,
  },
  // Signed URLs of S3, Azure and Google, and whatever else lets in who has the URL.
  {
    before: /[?&](?:x-amz-[a-z-]{1,40}|x-goog-[a-z-]{1,40}|sig|signature|code|key|awsaccesskeyid)=/giu,
    value: bare,
  },
  // RFC 7518 §6.2.2, §6.3.2 and §6.4.1: what makes a key a private one.
  { before: /"(?:d|p|q|dp|dq|qi|k|r|t|priv)"\s{0,4}:\s{0,4}"/gu, value: /[^"]{1,8192}/uy },
  // Answers of STS and S3.
  { before: /<(?<name>[\w:-]{1,60})>/gu, value: /[^<]{1,8192}/uy },
  // JSON, YAML and structs of programs: `"name": "value"`, `name='value'`, `Name: aws.String("value")`, escaped or not.
  {
    before: /(?<![\w.-])(?<name>[\w.-]{1,60})\\?["']?\s{0,4}(?:=>?|:=?)\s{0,4}(?:[\w.&*]{1,30}\()?\\?["']/gu,
    value: /[^"'\\]{1,8192}/uy,
  },
  // Variables and forms, also where a URL escapes the sign.
  { before: /(?<![\w.-])(?<name>[\w.-]{1,60}?)\s?(?:=|%3D)\s{0,2}/giu, value: bare },
  // YAML and flags, which look like sentences: `name: value`, `--name value`.
  {
    before: /(?<![\w.-])(?<name>[\w.-]{1,60}?)(?:\s?:\s{0,2}|(?<=--[\w-]{1,60})\s)/giu,
    value: bare,
    holds: (value) => !isWord(value),
  },
];

function withoutValues(text: string, { before, value, holds = () => true }: NamedForm): string {
  let left = "";
  let from = 0;
  for (const { 0: found, index, groups } of text.matchAll(before)) {
    const start = index + found.length;
    const name = groups?.["name"];
    if (start < from || (name !== undefined && !maskedNames.has(name) && !secretName(name))) continue;
    value.lastIndex = start;
    const [secret] = value.exec(text) ?? [];
    if (secret === undefined || secret.startsWith(leftOut) || !holds(secret)) continue;
    left += text.slice(from, start) + leftOut;
    from = start + secret.length;
  }
  return left + text.slice(from);
}

/** A text without the values that stand under a secret's name, in each form that programs write. */
export function withoutNamedSecrets(text: string): string {
  return forms.reduce(withoutValues, text);
}
