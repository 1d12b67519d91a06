import type { RecordSet } from "../../rules/dns/index.ts";
import { markedComment, ownershipComment, type StackOwner } from "../../rules/plan/index.ts";
import { type ApiRecord, bodyOf, maxComment } from "./record.ts";

/** One request that brings the present state nearer to the wanted one. */
export type RecordStep =
  | { readonly kind: "create"; readonly value: string; readonly body: object }
  | { readonly kind: "change"; readonly id: string; readonly value: string; readonly body: object }
  | { readonly kind: "delete"; readonly id: string; readonly value: string };

/**
 * The steps that make the records of a name and type those of a set, each with the stack's mark. A record whose value
 * has to go becomes one whose value is missing, so that the name always resolves.
 */
export function stepsToward(
  set: RecordSet,
  records: readonly ApiRecord[],
  stack: StackOwner,
): readonly RecordStep[] {
  const missing = set.values.filter((value) => !records.some((record) => record.value === value));
  const seen = new Set<string>();
  const stays = records.filter(({ value }) => {
    const isWanted = set.values.includes(value) && !seen.has(value);
    seen.add(value);
    return isWanted;
  });
  const spare = records.filter((record) => !stays.includes(record));
  const change = (record: ApiRecord, value: string): RecordStep => {
    const body = bodyOf(set, value, markedComment(record.comment, stack, maxComment));
    return { kind: "change", id: record.id, value, body };
  };
  const differs = (record: ApiRecord): boolean =>
    record.ttl !== set.ttl ||
    record.proxied ||
    record.comment !== markedComment(record.comment, stack, maxComment);
  return [
    ...stays.filter(differs).map((record) => change(record, record.value)),
    ...missing.slice(0, spare.length).map((value, index) => change(spare[index] as ApiRecord, value)),
    ...missing.slice(spare.length).map((value): RecordStep => {
      return { kind: "create", value, body: bodyOf(set, value, ownershipComment.of(stack)) };
    }),
    ...spare.slice(missing.length).map(({ id, value }): RecordStep => ({ kind: "delete", id, value })),
  ];
}
