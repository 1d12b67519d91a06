/** `2026-11-25T01:02:03.456Z`, of milliseconds since the epoch. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** `2026-11-25T01:02:03Z`: the same without its milliseconds. */
export function isoSeconds(ms: number): string {
  return isoTime(ms).replace(/\.\d+Z$/u, "Z");
}

/** `2026-11-25`: the day in UTC. */
export function isoDay(ms: number): string {
  return isoTime(ms).slice(0, 10);
}

/** `20261125T010203Z`: ISO 8601's basic format, which AWS Signature Version 4 signs. */
export function isoBasic(ms: number): string {
  return isoSeconds(ms).replaceAll(/[-:]/gu, "");
}

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** What a duration looks like: `24h`, `1h30m`, `500ms`. */
const durationPattern: RegExp = /^(?:\d{1,6}d)?(?:\d{1,6}h)?(?:\d{1,6}m(?!s))?(?:\d{1,6}s)?(?:\d{1,6}ms)?$/u;

/** Milliseconds of `24h`, `1h30m`, `90s`, `500ms` or `7d`; undefined when it is none of these. */
export function parseDuration(text: string): number | undefined {
  if (text === "" || !durationPattern.test(text)) return undefined;
  let total = 0;
  for (const [, count, unit] of text.matchAll(/(\d{1,6})(ms|[smhd])/gu)) {
    total += Number(count) * (units[unit ?? ""] ?? 0);
  }
  return total;
}

/** A duration in the largest units that express it exactly: 90000 is `1m30s`. */
export function durationText(ms: number): string {
  let left = ms;
  const parts: string[] = [];
  for (const unit of ["d", "h", "m", "s", "ms"]) {
    const size = units[unit] ?? 1;
    const count = Math.floor(left / size);
    if (count > 0) parts.push(`${count}${unit}`);
    left -= count * size;
  }
  return parts.length === 0 ? "0s" : parts.join("");
}

const words: readonly (readonly [seconds: number, name: string])[] = [
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
  const [size, name] = words.find(([one]) => seconds >= least * one) ?? [1, "second"];
  const count = Math.floor(seconds / size);
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}
