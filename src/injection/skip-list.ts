import { patterns } from "./patterns.ts";

/**
 * The containers that a pod's annotation `skip-containers` names: one record of CSV as Go's encoding/csv reads it,
 * whose spaces count. A text that is none skips nothing.
 */
export function skippedContainers(text: string | undefined): readonly string[] {
  if (text === undefined || !patterns.csv.test(text)) return [];
  // It may match nothing, and always matches.
  const [record] = patterns.csvRecord.exec(text) as RegExpExecArray;
  return [...record.matchAll(new RegExp(patterns.csvField, "gu"))].map(([field]) =>
    field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field,
  );
}
