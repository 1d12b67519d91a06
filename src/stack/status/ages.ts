const units: readonly (readonly [name: string, ms: number])[] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000],
];

/** A length of time in its largest unit, never rounded up: `59 minutes`. */
export function lengthText(ms: number): string {
  const [name, size] = units.find(([, unit]) => ms >= unit) ?? ["second", 1000];
  const count = Math.max(0, Math.floor(ms / size));
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}

/** How old an answer is, as its headers say. */
export function ageOf(headers: Readonly<Record<string, string>>, now: number): string {
  const parts: string[] = [];
  const modified = Date.parse(headers["last-modified"] ?? "");
  if (!Number.isNaN(modified)) parts.push(`changed ${lengthText(now - modified)} ago`);
  const age = Number(headers["age"] ?? Number.NaN);
  if (!Number.isNaN(age)) parts.push(`${age} s in a cache on the way`);
  const cached = headers["cache-control"];
  if (cached !== undefined) parts.push(`may be cached: ${cached}`);
  return parts.length === 0 ? "fetched now; it says nothing of its age" : `fetched now; ${parts.join("; ")}`;
}
