import { canonicalJson, fingerprintOf } from "./fingerprint.ts";
import type { Plan } from "./plan.ts";
import type { ChangeKind, FieldChange } from "./resource.ts";

/** What was shown of one change, and the fingerprint that shows whether the thing has changed since. */
export interface SavedChange {
  readonly id: string;
  readonly kind: ChangeKind;
  readonly fields: readonly FieldChange[];
  readonly fingerprint: string;
}

/** What a plan shows, as data: the same for the same plan. */
export function savedChanges({ changes }: Plan): readonly SavedChange[] {
  return changes.map(({ resource, kind, fields, observed }) => ({
    id: resource.id,
    kind,
    fields,
    fingerprint: fingerprintOf(resource, observed),
  }));
}

/** A saved change, or what a file has in its place. */
type IdentifiedChange = Pick<SavedChange, "id">;

/** The ids of what one plan shows and another does not, or shows differently. */
export function movedBetween(
  shown: readonly IdentifiedChange[],
  now: readonly IdentifiedChange[],
): readonly string[] {
  const texts = (changes: readonly IdentifiedChange[]): Map<string, string> =>
    new Map(changes.map((change) => [change.id, canonicalJson(change)]));
  const [before, after] = [texts(shown), texts(now)];
  const ids = new Set([...before.keys(), ...after.keys()]);
  return [...ids].filter((id) => before.get(id) !== after.get(id));
}
