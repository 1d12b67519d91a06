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
