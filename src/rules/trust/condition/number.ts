/** A decimal number as policies write them; undefined for everything else. */
export function numberOf(text: string): number | undefined {
  return /^[+-]?\d+(?:\.\d+)?$/u.test(text.trim()) ? Number(text) : undefined;
}

// W3C date and time formats, a profile of ISO 8601, as IAM's date operators take them.
const date = /^\d{4}(?:-\d\d(?:-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?)?)?$/u;

/** A point in time in milliseconds since the epoch: a W3C date, or seconds since the epoch in digits. */
export function timeOf(text: string): number | undefined {
  const trimmed = text.trim();
  if (date.test(trimmed)) {
    const time = Date.parse(trimmed);
    return Number.isNaN(time) ? undefined : time;
  }
  return /^-?\d{5,15}(?:\.\d+)?$/u.test(trimmed) ? Number(trimmed) * 1000 : undefined;
}
