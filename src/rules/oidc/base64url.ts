const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Whether the last character carries bits that belong to no byte, and which are to be zero (RFC 4648 §3.5). */
function hasStrayBits(text: string): boolean {
  const stray = (text.length * 6) % 8;
  return alphabet.indexOf(text.charAt(text.length - 1)) % 2 ** stray !== 0;
}

/**
 * The bytes of base64url text (RFC 7515 §2): no padding, no other characters, no stray bits in the last one, so
 * that no two texts mean the same bytes. Undefined for everything else.
 */
export function base64urlBytes(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[A-Za-z0-9_-]*$/u.test(text) || text.length % 4 === 1 || hasStrayBits(text)) return undefined;
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return bytes;
}
