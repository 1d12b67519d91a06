/**
 * A text with everything percent-encoded but the unreserved characters of RFC 3986 §2.3: how a request's signature is made,
 * and how documents leave IAM.
 */
export function percentEncoded(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/gu,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
