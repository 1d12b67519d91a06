import type { FieldChange, Tags } from "../plan/index.ts";

/** The SDK's list of tags as a record. */
export function tagsOf(
  list: readonly { Key?: string | undefined; Value?: string | undefined }[] | undefined,
): Tags {
  return Object.fromEntries((list ?? []).map(({ Key, Value }) => [Key ?? "", Value ?? ""]));
}

/** A record as the SDK's list, in a stable order. */
export function tagList(tags: Tags): { Key: string; Value: string }[] {
  return Object.entries(tags)
    .map(([Key, Value]) => ({ Key, Value }))
    .sort((a, b) => (a.Key < b.Key ? -1 : 1));
}

/** What to set and what to take away. Tags that begin with `aws:` are AWS's own and nobody's to change. */
export interface TagChanges {
  readonly set: Tags;
  readonly remove: readonly string[];
  readonly fields: readonly FieldChange[];
}

export function tagChanges(before: Tags, after: Tags): TagChanges {
  const set = Object.fromEntries(Object.entries(after).filter(([key, value]) => before[key] !== value));
  const remove = Object.keys(before).filter((key) => !key.startsWith("aws:") && !Object.hasOwn(after, key));
  const keys = [...Object.keys(set), ...remove].sort();
  return {
    set,
    remove,
    fields: keys.map((key) => ({ field: `tags.${key}`, before: before[key], after: after[key] })),
  };
}
