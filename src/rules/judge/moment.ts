import { isoTime } from "../../core/base/index.ts";

/** `2026-11-25T01:02:03Z`, for seconds since the epoch; digits where no calendar reaches. */
export function moment(seconds: number): string {
  const ms = seconds * 1000;
  return Number.isNaN(new Date(ms).getTime()) ? String(seconds) : isoTime(ms).replace(".000Z", "Z");
}
