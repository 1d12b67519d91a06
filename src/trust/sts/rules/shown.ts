/** A value of a token or request as part of a sentence: JSON, cut after 120 characters. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 120 ? `${text.slice(0, 120)}… (${text.length} characters)` : text;
}

/** `2026-11-25T01:02:03Z`, for seconds since the epoch; digits where no calendar reaches. */
export function moment(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString().replace(".000Z", "Z");
}

const units: readonly (readonly [least: number, size: number, name: string])[] = [
  [172_800, 86_400, "day"],
  [7200, 3600, "hour"],
  [120, 60, "minute"],
  [-Infinity, 1, "second"],
];

/** `1 second`, `5 minutes`, `2 hours`, `3 days`: seconds in the largest unit that says enough. */
export function lasting(seconds: number): string {
  const [, size, name] = units.find(([least]) => seconds >= least) as (typeof units)[number];
  const count = Math.floor(seconds / size);
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}
