import { cloudLabels, type FieldChange, type Tags } from "../plan/index.ts";

/** The labels that a thing shall have, beside whatever somebody else put there. */
export function markedLabels(stack: string, before: Tags = {}): Tags {
  return { ...before, ...cloudLabels.of(stack) };
}

/** Which of our labels are missing or changed. */
export function labelFields(stack: string, before: Tags): readonly FieldChange[] {
  return Object.entries(cloudLabels.of(stack))
    .filter(([key, value]) => before[key] !== value)
    .map(([key, after]) => ({ field: `labels.${key}`, before: before[key], after }));
}
