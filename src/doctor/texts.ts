/** The same data with each text in it changed; names of members stay. For plain data of little depth. */
export function mapTexts<T>(value: T, change: (text: string) => string): T {
  const mapped = (one: unknown): unknown => {
    if (typeof one === "string") return change(one);
    if (Array.isArray(one)) return one.map(mapped);
    if (typeof one !== "object" || one === null) return one;
    return Object.fromEntries(Object.entries(one).map(([name, member]) => [name, mapped(member)]));
  };
  return mapped(value) as T;
}

const leftOut = "(left out)";

/**
 * What may not be shown, by its form: a server can answer with anything. Each pattern takes time linear in the text, since
 * no two places of it look far over the same characters.
 */
const secrets: readonly (readonly [RegExp, string])[] = [
  // RFC 7519: a token begins with {" in base64url.
  [/(?<![\w-])eyJ[\w-]{4,}\.[\w-]{4,}(?:\.[\w-]*)?/gu, leftOut],
  [/-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^]*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/gu, leftOut],
  // RFC 7518 §6.2.2, §6.3.2 and §6.4.1: what makes a key a private one.
  [/("(?:d|p|q|dp|dq|qi|k|r|t)"\s*:\s*")[^"]*"/gu, `$1${leftOut}"`],
  [
    /("(?:[a-z_-]{0,40}(?:secret|password)[a-z_-]{0,40}|private_?key|session_?token|(?:access|refresh|id)_token)"\s*:\s*")[^"]*"/giu,
    `$1${leftOut}"`,
  ],
  [/\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/gu, leftOut],
  // Signed URLs of S3, Azure and Google, and whatever else lets in who has the URL.
  [
    /([?&](?:x-amz-[a-z-]+|x-goog-[a-z-]+|sig|signature|token|access_token|code|key|password|secret|awsaccesskeyid)=)[^&\s"']+/giu,
    `$1${leftOut}`,
  ],
  [/(\/\/)[^/@\s"':]{0,200}:[^/@\s"']{0,200}@/gu, `$1${leftOut}@`],
];

/** A text without tokens, private keys, passwords and signed URLs. */
export function withoutSecrets(text: string): string {
  return secrets.reduce((said, [pattern, instead]) => said.replaceAll(pattern, instead), text);
}

/** A function that takes ARNs and account ids out of texts, the same one always by the same word: `arn-1`, `account-2`. */
function identityFilter(): (text: string) => string {
  const known = new Map<string, string>();
  const wordFor = (kind: string) => (found: string) => {
    const word = known.get(found) ?? `${kind}-${known.size + 1}`;
    known.set(found, word);
    return word;
  };
  return (text) =>
    text
      .replaceAll(/\barn(?::|%3A)aws[a-z-]*(?::|%3A)[^\s"'<>,;()[\]{}\\]+/giu, wordFor("arn"))
      .replaceAll(/(?<!\d)\d{12}(?!\d)/gu, wordFor("account"));
}

/** The same data without an ARN or an account's id. Alike stays alike, so that it means the same to the judges. */
export function redacted<T>(value: T): T {
  return mapTexts(value, identityFilter());
}
