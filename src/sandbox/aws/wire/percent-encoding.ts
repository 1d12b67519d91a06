/**
 * Percent-encodes everything but the unreserved characters of RFC 3986 §2.3, as for signatures, and for documents in
 * IAM's answers.
 */
export function percentEncoded(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/gu,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
