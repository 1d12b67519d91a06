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

/** `1 second`, `5 minutes`, `2 hours`, `3 days`: seconds in the largest unit that says enough. */
export function lasting(seconds: number): string {
  const units: readonly [number, string][] = [
    [172_800, "day"],
    [7200, "hour"],
    [120, "minute"],
  ];
  const sizes: Readonly<Record<string, number>> = { day: 86_400, hour: 3600, minute: 60 };
  const unit = units.find(([least]) => seconds >= least)?.[1] ?? "second";
  const count = Math.floor(seconds / (sizes[unit] ?? 1));
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
