import { Buffer } from "node:buffer";
import { maskedNames } from "./credential-rows.ts";

/** What stands in the place of a secret. */
const leftOut = "[left out]";

/** What a kind of secret looks like. */
interface Shape {
  readonly what: string;
  /** Global: all of them in a text are found. */
  readonly pattern: RegExp;
  /** It names a secret and is none: a config has no use for it, and a person needs to read which it is. */
  readonly isName?: true;
  /** Says more than the pattern can. */
  readonly holds?: (found: string) => boolean;
}

/** Base64 of a PEM block of a private key; a certificate's is no secret. */
function isEncodedPrivateKey(found: string): boolean {
  return Buffer.from(found.slice(0, 64), "base64").toString("latin1").includes("PRIVATE KEY");
}

/** Capitals, small letters and digits: a digest in hex has no capitals. */
function hasEachKind(found: string): boolean {
  return /[A-Z]/u.test(found) && /[a-z]/u.test(found) && /\d/u.test(found);
}

const shapes: readonly Shape[] = [
  {
    what: "a private key",
    // A line of a log may end within it.
    pattern:
      /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----(?:[^-]*-----END [A-Z0-9 ]*PRIVATE KEY-----|[\w+/=\\\s]*)/gu,
  },
  {
    what: "a private key in base64",
    pattern: /LS0tLS1CRUdJTi[A-Za-z0-9+/=]{40,}/gu,
    holds: isEncodedPrivateKey,
  },
  // The header of a JWS and of a JWE begins with `{"` or `{ "`; the rest of a JWE is encrypted.
  {
    what: "a JSON Web Token",
    pattern: /(?<![\w-])ey[JA][\w-]{8,}(?:(?:\.|%2E)[\w-]{0,65536}){1,4}/giu,
  },
  // docs.aws.amazon.com, "Unique identifiers" of IAM.
  { what: "an AWS access key", pattern: /\b(?:AKIA|ASIA)[A-Z2-7]{16}\b/gu, isName: true },
  // docs.github.com, "About authentication to GitHub", token formats.
  { what: "a GitHub token", pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,})\b/gu },
  // age-encryption.org/v1, "The X25519 recipient type".
  { what: "an age identity", pattern: /\bAGE-SECRET-KEY-1[0-9A-Z]{20,}/giu },
  // openbao.org and developer.hashicorp.com, "Tokens": service, batch and recovery tokens, and those of before 1.10.
  { what: "a token for OpenBao", pattern: /\b(?:hv[sbr]\.[\w-]{20,}|[sbr]\.[A-Za-z0-9]{24}(?![\w.-]))/gu },
  // Entra's secrets of applications, as they were seen: three characters, a version, Q~.
  { what: "a secret of an application at Entra", pattern: /[\w.~-]{3}\dQ~[\w.~-]{31,34}/gu },
  // Google's tokens and secrets of OAuth clients, as they were seen.
  {
    what: "a token of Google",
    pattern: /\bya29\.[\w-]{20,}|\b1\/\/0[\w-]{20,}|(?<![\w-])GOCSPX-[\w-]{20,}/gu,
  },
  // kubernetes.io, "Authenticating with Bootstrap Tokens". One without a digit is a word of two hundred.
  {
    what: "a bootstrap token of Kubernetes",
    pattern: /(?<![\w.-])[a-z0-9]{6}\.(?=[a-z]*\d)[a-z0-9]{16}(?![\w.-])/gu,
  },
  { what: "a password in a URL", pattern: /\b[a-z][a-z0-9+.-]{0,30}:\/\/[^/?#@:\s]*:[^/?#@\s]+@/giu },
];

const secretShapes = shapes.filter(({ isName = false }) => !isName);

/** What a text that is nothing else looks like. */
const wholeShapes: readonly Shape[] = [
  { what: "an AWS secret access key", pattern: /^[A-Za-z0-9/+]{40}$/gu, holds: hasEachKind },
  // developers.cloudflare.com, "Create API token": forty characters; Hetzner's console shows sixty-four.
  { what: "a token for Cloudflare", pattern: /^[\w-]{40}$/gu, holds: hasEachKind },
  { what: "a token for Hetzner Cloud", pattern: /^[A-Za-z0-9]{64}$/gu, holds: hasEachKind },
];

function isIn({ pattern, holds = () => true }: Shape, text: string): boolean {
  return (text.match(pattern) ?? []).some((found) => holds(found));
}

/** What kind of secret a text is or has in it, in words; undefined for none. */
export function secretKind(text: string): string | undefined {
  return [...shapes, ...wholeShapes].find((shape) => isIn(shape, text.trim()))?.what;
}

function withoutShapes(text: string, some: readonly Shape[]): string {
  if (wholeShapes.some((shape) => isIn(shape, text.trim()))) return leftOut;
  return some.reduce(
    (left, { pattern, holds = () => true }) =>
      left.replaceAll(pattern, (found: string) => (holds(found) ? leftOut : found)),
    text,
  );
}

/** A text in which each secret that is known by its looks is replaced: for logs and errors. */
export function withoutSecrets(text: string): string {
  return withoutShapes(text, secretShapes);
}

const secretWords =
  /(?:password|passwd|passphrase|secret|token|assertion|authorization|cookie|credentials?|hmac|(?:private|api|hmac|access|account|encryption)key)$/u;

/**
 * Whether a name says that its value is a secret, however it is written: `token`, `hmac_key`, `SecretAccessKey`, but
 * not `tokenFile`, `accessKeyId` or `publicKey`.
 */
export function secretName(name: string): boolean {
  const letters = name.toLowerCase().replaceAll(/[^a-z0-9]/gu, "");
  return letters === "pin" || secretWords.test(letters);
}

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
function withoutNamedSecrets(text: string): string {
  return forms.reduce(withoutValues, text);
}

/**
 * A text that goes to others: without what looks like a secret, names one, or stands under the name of one. What still looks
 * like one is left out whole.
 */
export function withoutAnySecret(text: string): string {
  const left = withoutNamedSecrets(withoutShapes(text, shapes));
  return secretKind(left) === undefined ? left : leftOut;
}

/**
 * What a log or an error shows of a member, for the replacer of JSON.stringify: nothing under a secret's name, and no
 * text that looks like one.
 */
export function withoutSecretMembers(name: string, value: unknown): unknown {
  if (value !== undefined && (maskedNames.has(name) || secretName(name))) return leftOut;
  return typeof value === "string" ? withoutSecrets(value) : value;
}
