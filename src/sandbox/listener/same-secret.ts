import { createHash, timingSafeEqual } from "node:crypto";

/** True if both are equal, in a time that reveals neither where they differ nor how long the other is. */
export function sameSecret(a: string | Uint8Array, b: string | Uint8Array): boolean {
  const digest = (data: string | Uint8Array): Buffer => createHash("sha256").update(data).digest();
  return timingSafeEqual(digest(a), digest(b));
}
