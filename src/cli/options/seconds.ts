import { parseDuration, PodtrustError } from "../../core/base/index.ts";

/** Seconds of an option given as 3600 or as 1h30m; throws `usage`. */
export function secondsOf(option: string, text: string): number {
  const ms = /^\d+$/u.test(text) ? Number(text) * 1000 : parseDuration(text);
  if (ms !== undefined && ms % 1000 === 0) return ms / 1000;
  throw new PodtrustError("usage", `${option} ${text} is not a time`, {
    next: "Give seconds, as 3600, or a duration, as 1h30m.",
  });
}
