const units: readonly (readonly [seconds: number, name: string])[] = [
  [86_400, "day"],
  [3600, "hour"],
  [60, "minute"],
  [1, "second"],
];

/**
 * A length of time in the largest unit that says enough, never rounded up: `1 second`, `90 minutes`, `2 hours`,
 * `3 days`. Milliseconds; what is negative is no time at all. A unit says enough from `least` of it on.
 */
export function lengthText(ms: number, least = 2): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [size, name] = units.find(([one]) => seconds >= least * one) ?? [1, "second"];
  const count = Math.floor(seconds / size);
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}
