// No CA's word makes us wait longer than this.
const longest = 30 * 24 * 3_600_000;

/**
 * Retry-After (RFC 9110 §10.2.3) in milliseconds from now, or undefined. A date is taken relative to the
 * answer's own Date where it has one, so that a clock of ours that is off does not matter.
 */
export function retryAfterMs(headers: Readonly<Record<string, string>>, now: number): number | undefined {
  const value = headers["retry-after"]?.trim();
  if (value === undefined || value === "") return undefined;
  if (/^\d{1,10}$/u.test(value)) return Math.min(Number(value) * 1000, longest);
  // Date.parse makes a date of almost anything ("-1" is one of 2001): only what ends as an HTTP date does.
  const until = value.endsWith(" GMT") ? Date.parse(value) : NaN;
  if (Number.isNaN(until)) return undefined;
  const sent = Date.parse(headers["date"] ?? "");
  return Math.min(Math.max(0, until - (Number.isNaN(sent) ? now : sent)), longest);
}
