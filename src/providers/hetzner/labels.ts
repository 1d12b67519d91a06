import { cloudLabels, type FieldChange, type Tags, type StackOwner } from "../../rules/plan/index.ts";

/** Labels beside the marks of a stack; an undefined one is to be absent. */
export type ExtraLabels = Readonly<Record<string, string | undefined>>;

/** The labels that a thing is to have, besides those of others. */
export function markedLabels(stack: StackOwner, before: Tags = {}, extra: ExtraLabels = {}): Tags {
  const all = Object.entries({ ...before, ...cloudLabels.of(stack), ...extra });
  return Object.fromEntries(all.filter((one): one is [string, string] => one[1] !== undefined));
}

/** Which of our labels are missing or changed. */
export function labelFields(
  stack: StackOwner,
  before: Tags,
  extra: ExtraLabels = {},
): readonly FieldChange[] {
  return Object.entries({ ...cloudLabels.of(stack), ...extra })
    .filter(([key, value]) => before[key] !== value)
    .map(([key, after]) => ({ field: `labels.${key}`, before: before[key], after }));
}
