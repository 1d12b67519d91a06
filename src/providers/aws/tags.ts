import { foldTagKey } from "../../core/base/index.ts";
import type { FieldChange, Tags } from "../../rules/plan/index.ts";

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

/** What to set and what to remove. Tags that begin with `aws:` are AWS's own and cannot be changed. */
export interface TagChanges {
  readonly set: Tags;
  readonly remove: readonly string[];
  readonly fields: readonly FieldChange[];
}

/** The key by which a resource knows a tag: OIDC providers keep `key` and `Key` apart. */
type KeyIdentity = (key: string) => string;

function changesBy(identity: KeyIdentity, before: Tags, after: Tags): TagChanges {
  const values = new Map(Object.entries(before).map(([key, value]) => [identity(key), value]));
  const wanted = new Set(Object.keys(after).map(identity));
  const set = Object.fromEntries(
    Object.entries(after).filter(([key, value]) => values.get(identity(key)) !== value),
  );
  const isAws = (key: string): boolean => foldTagKey(key).startsWith("aws:");
  const remove = Object.keys(before).filter((key) => !isAws(key) && !wanted.has(identity(key)));
  const keys = [...Object.keys(set), ...remove].sort();
  return {
    set,
    remove,
    fields: keys.map((key) => ({
      field: `tags.${key}`,
      before: values.get(identity(key)),
      after: after[key],
    })),
  };
}

/** For a role: the case of a key is no difference, and a tag that is set takes the place of every spelling of its key. */
export function roleTagChanges(before: Tags, after: Tags): TagChanges {
  return changesBy(foldTagKey, before, after);
}

/** For an OIDC provider. */
export function providerTagChanges(before: Tags, after: Tags): TagChanges {
  return changesBy((key) => key, before, after);
}
