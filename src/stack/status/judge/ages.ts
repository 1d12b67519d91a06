import { lengthText } from "../../../core/base/index.ts";

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
