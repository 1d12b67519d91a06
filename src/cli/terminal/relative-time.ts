const units: readonly (readonly [name: string, ms: number])[] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000],
];

/**
 * A time as a person says it, seen from `now` (both milliseconds since the epoch): `in 59 minutes`, `2 days ago`,
 * `now`. It is never rounded up, so that what it promises holds.
 */
export function relativeTime(at: number, now: number): string {
  const distance = Math.abs(at - now);
  const [name, size] = units.find(([, ms]) => distance >= ms) ?? ["second", 1000];
  const count = Math.floor(distance / size);
  if (count === 0) return "now";
  const words = `${count} ${name}${count === 1 ? "" : "s"}`;
  return at > now ? `in ${words}` : `${words} ago`;
}
