const units: readonly (readonly [least: number, size: number, name: string])[] = [
  [172_800, 86_400, "day"],
  [7200, 3600, "hour"],
  [120, 60, "minute"],
  [0, 1, "second"],
];

/**
 * A length of time in the largest unit that says enough, never rounded up: `1 second`, `90 minutes`, `2 hours`,
 * `3 days`. Milliseconds; what is negative is no time at all.
 */
export function lengthText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [, size, name] = units.find(([least]) => seconds >= least) as (typeof units)[number];
  const count = Math.floor(seconds / size);
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}
