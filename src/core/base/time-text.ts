/** `2026-11-25T01:02:03.456Z`, of milliseconds since the epoch. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** `2026-11-25T01:02:03Z`: the same without its milliseconds. */
export function isoSeconds(ms: number): string {
  return isoTime(ms).replace(/\.\d+Z$/u, "Z");
}
