import { limits, patterns } from "./patterns.ts";
import { isWithin } from "./value-length.ts";

/** Whether a list can be read within the API server's limit on the cost of a policy. */
export function isShortSkipList(text: string): boolean {
  return isWithin(text, limits.maxSkipList);
}

/**
 * The containers that a pod's annotation `skip-containers` names: one record of CSV as Go's encoding/csv reads it,
 * whose spaces count. A text that is none, or that is too long, skips nothing.
 */
export function skippedContainers(text: string | undefined): readonly string[] {
  if (text === undefined || !isShortSkipList(text) || !patterns.csv.test(text)) return [];
  // It may match nothing, and always matches.
  const [record] = patterns.csvRecord.exec(text) as RegExpExecArray;
  return [...record.matchAll(new RegExp(patterns.csvField, "gu"))].map(([field]) =>
    field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field,
  );
}
