import { Buffer } from "node:buffer";

/**
 * The bytes of base64url text (RFC 7515 §2): no padding, no other characters, no stray bits in the last one, so
 * that no two texts mean the same bytes. Undefined for everything else.
 */
export function base64urlBytes(text: string): Buffer | undefined {
  if (!/^[A-Za-z0-9_-]*$/u.test(text)) return undefined;
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : undefined;
}
