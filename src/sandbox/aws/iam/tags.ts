import type { Tag } from "../state/records.ts";
import type { Shape } from "../wire/value.ts";
import { invalidInput } from "./errors.ts";
import { sortedBy } from "./page.ts";
import { type quotas, withinQuota } from "./quotas.ts";

type TagParams = readonly { readonly Key: string; readonly Value: string }[] | undefined;

/** How a kind of resource treats its tags. */
export interface TagRules {
  readonly quota: keyof typeof quotas;
  /** True for roles and policies; OIDC providers keep `key` and `Key` apart. */
  readonly foldCase: boolean;
}

export const roleTagRules: TagRules = { quota: "TagsPerRole", foldCase: true };
export const policyTagRules: TagRules = { quota: "TagsPerPolicy", foldCase: true };
export const instanceProfileTagRules: TagRules = { quota: "TagsPerInstanceProfile", foldCase: true };
export const providerTagRules: TagRules = { quota: "TagsPerOpenIdConnectProvider", foldCase: false };

function identity(key: string, rules: TagRules): string {
  return rules.foldCase ? key.toLowerCase() : key;
}

/** The tags of a request, in its order; refuses duplicate keys and keys reserved for AWS. */
export function requestTags(params: TagParams, rules: TagRules): readonly Tag[] {
  const tags = (params ?? []).map(({ Key, Value }) => ({ key: Key, value: Value }));
  if (new Set(tags.map(({ key }) => identity(key, rules))).size !== tags.length) {
    throw invalidInput("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
  }
  if (tags.some(({ key }) => key.toLowerCase().startsWith("aws:"))) {
    throw invalidInput(
      "Tag keys starting with 'aws:' are reserved for system use and cannot be created or changed.",
    );
  }
  return tags;
}

/** Adds tags to existing ones: the same key takes the new value, and the new spelling of the key. */
export function addTags(before: readonly Tag[], added: readonly Tag[], rules: TagRules): readonly Tag[] {
  const replaced = new Set(added.map(({ key }) => identity(key, rules)));
  const all = [...before.filter(({ key }) => !replaced.has(identity(key, rules))), ...added];
  withinQuota(rules.quota, all.length);
  return all;
}

/** Removes tags; missing keys are ignored. */
export function removeTags(before: readonly Tag[], keys: readonly string[], rules: TagRules): readonly Tag[] {
  const gone = new Set(keys.map((key) => identity(key, rules)));
  return before.filter(({ key }) => !gone.has(identity(key, rules)));
}

/** As answers show them. */
export function tagShapes(tags: readonly Tag[]): readonly Shape[] {
  return tags.map(({ key, value }) => ({ Key: key, Value: value }));
}

/** In the byte order of their keys, as in lists. */
export function sortedTags(tags: readonly Tag[]): readonly Tag[] {
  return sortedBy(tags, ({ key }) => key);
}

/** `aws:RequestTag/k` and `aws:TagKeys` of a request that sets tags. */
export function requestTagContext(params: TagParams): Record<string, string | readonly string[]> {
  const tags = params ?? [];
  if (tags.length === 0) return {};
  return {
    ...Object.fromEntries(tags.map(({ Key, Value }) => [`aws:RequestTag/${Key}`, Value])),
    "aws:TagKeys": tags.map(({ Key }) => Key),
  };
}

/** `aws:ResourceTag/k` and `iam:ResourceTag/k` of the requested resource. */
export function resourceTagContext(tags: readonly Tag[]): Record<string, string> {
  return Object.fromEntries(
    tags.flatMap(({ key, value }) => [
      [`aws:ResourceTag/${key}`, value],
      [`iam:ResourceTag/${key}`, value],
    ]),
  );
}
