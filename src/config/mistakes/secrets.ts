// What secrets look like. Matching text is never repeated in an error.
const shapes: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  { what: "a private key", pattern: /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/u },
  { what: "a JSON Web Token", pattern: /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\./u },
  { what: "an AWS access key", pattern: /\b(?:AKIA|ASIA)[A-Z2-7]{16}\b/u },
  {
    what: "an AWS secret access key",
    // Forty characters of base64 with all three kinds of character: a SHA-1 in hex has only two.
    pattern: /^(?=.*[A-Z])(?=.*[a-z])(?=.*\d)[A-Za-z0-9/+]{40}$/u,
  },
  { what: "a GitHub token", pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,})\b/u },
  { what: "a password in a URL", pattern: /^[a-z][a-z0-9+.-]*:\/\/[^/?#@:\s]*:[^/?#@\s]+@/iu },
];

/** What kind of secret a text looks like, or undefined. */
export function secretKind(text: string): string | undefined {
  return shapes.find(({ pattern }) => pattern.test(text))?.what;
}

/** Whether a key's name says that its value is a secret: `token`, `hmacKey`, `secretAccessKey`, but not `tokenFile`. */
export function secretName(key: string): boolean {
  if (/file$/iu.test(key)) return false;
  return /password|passphrase|secret|token|private.?key|hmac|api.?key|credential/iu.test(key);
}
