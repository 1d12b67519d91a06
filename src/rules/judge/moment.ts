/** `2026-11-25T01:02:03Z`, for seconds since the epoch; digits where no calendar reaches. */
export function moment(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString().replace(".000Z", "Z");
}
