/**
 * The tags of IAM's roles have keys that are one whatever their case: `Team` replaces `team`, and both are
 * `aws:PrincipalTag/team` (IAM User Guide, "Tags for AWS Identity and Access Management resources", case sensitivity).
 * Everything that compares such keys compares what these functions give. Values keep their case.
 */

/** A key as it is compared. Keys of bindings and grants are ASCII, so that this and its CEL are the same. */
export function foldTagKey(key: string): string {
  return key.toLowerCase();
}

/** The same as CEL: `key` is an expression. */
export function foldTagKeyCel(key: string): string {
  return `${key}.lowerAscii()`;
}

export function sameTagKey(one: string, other: string): boolean {
  return foldTagKey(one) === foldTagKey(other);
}

/** The same as CEL. */
export function sameTagKeyCel(one: string, other: string): string {
  return `${foldTagKeyCel(one)} == ${foldTagKeyCel(other)}`;
}

/** The value of a key among tags; undefined where no key is the same. */
export function tagValue(tags: Readonly<Record<string, string>>, key: string): string | undefined {
  if (Object.hasOwn(tags, key)) return tags[key];
  return Object.entries(tags).find(([name]) => sameTagKey(name, key))?.[1];
}

/** All of these tags: a later one takes the place of an earlier one with the same key, and its spelling with it. */
export function mergeTags(
  ...parts: readonly Readonly<Record<string, string>>[]
): Readonly<Record<string, string>> {
  const merged = new Map<string, readonly [string, string]>();
  for (const tag of parts.flatMap((part) => Object.entries(part))) merged.set(foldTagKey(tag[0]), tag);
  return Object.fromEntries(merged.values());
}
