import { PodtrustError } from "../../core/base/index.ts";

/** Seconds since the epoch of a time that was typed; throws `usage`. */
export function typedTime(option: string, text: string): number {
  if (/^\d{1,12}$/u.test(text)) return Number(text);
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)$/u.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (!Number.isNaN(ms)) return Math.floor(ms / 1000);
  throw new PodtrustError("usage", `${option} ${text} is not a time`, {
    next: "Give it as 2026-11-25T12:00:00Z, or in seconds since 1970.",
  });
}
