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

/** A duration in the largest units that tell it exactly: 90000 is `1m30s`. */
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
