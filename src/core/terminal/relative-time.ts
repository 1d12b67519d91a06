import { lengthText } from "../base/index.ts";

/**
 * A time as a person says it, seen from `now` (both milliseconds since the epoch): `in 59 minutes`, `2 days ago`,
 * `now`. It is never rounded up, so that what it promises holds.
 */
export function relativeTime(at: number, now: number): string {
  const distance = Math.abs(at - now);
  if (distance < 1000) return "now";
  const words = lengthText(distance, 1);
  return at > now ? `in ${words}` : `${words} ago`;
}
