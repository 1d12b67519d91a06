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
