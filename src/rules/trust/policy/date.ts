const latest = 9_223_372_036_854_775_807n;
const form =
  /^-?(?<year>\d{1,9})(?:-(?<month>\d{1,2}))?(?:-(?<day>\d{1,2}))?(?:t(?:(?<hour>\d{1,2})(?::(?<minute>\d{1,2})(?::(?<second>\d{1,2})(?:\.\d{1,9})?(?:z|\+(?<zoneHour>\d\d)(?::(?<zoneMinute>\d\d))?)?)?)?)?)?$/iu;
const bounds: readonly (readonly [part: string, min: number, max: number])[] = [
  ["month", 1, 12],
  ["day", 1, 31],
  ["hour", 0, 23],
  ["minute", 0, 59],
  ["second", 0, 59],
  ["zoneHour", 0, 23],
  ["zoneMinute", 0, 59],
];

/**
 * Whether IAM takes a text as the value of a date condition: seconds since the epoch, or ISO 8601 in a form so wide that
 * it says little of what the condition will compare with (github.com/getmoto/moto, pull request 2269, asked of AWS).
 */
export function isDateValue(text: string): boolean {
  if (/^\d+$/u.test(text)) return text.length <= 19 && BigInt(text) <= latest;
  const parts = /[t-]/iu.test(text) ? form.exec(text)?.groups : undefined;
  if (parts === undefined) return false;
  return bounds.every(([part, min, max]) => {
    const value = parts[part];
    return value === undefined || (Number(value) >= min && Number(value) <= max);
  });
}
