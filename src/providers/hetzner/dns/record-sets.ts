import {
  canonicalValue,
  type ObservedRecordSet,
  quoted,
  type RecordKey,
  type RecordType,
} from "../../../rules/dns/index.ts";
import { cloudLabels, type Owner, type StackOwner } from "../../../rules/plan/index.ts";
import type { AnswerFields } from "../fields.ts";

/** All records of one name and type as the API has them. */
export interface HetznerRecordSet {
  readonly type: string;
  /** Seconds; the zone's own where the set has none. */
  readonly ttl: number;
  /** In canonical form where the type is one of ours. */
  readonly values: readonly string[];
  /** As they were written: the API finds a record by its value's text. */
  readonly raw: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

const ownTypes: readonly RecordType[] = ["A", "AAAA", "CAA", "TXT"];

/** The one of our types that a text names. */
export const ownType = (type: string): RecordType | undefined => ownTypes.find((one) => one === type);

/** A set of an answer. Throws `hetzner-answer-invalid`. */
export function readSet(fields: AnswerFields, zoneTtl: number): HetznerRecordSet & { readonly name: string } {
  const type = fields.text("type");
  const own = ownType(type);
  const raw = fields.neededList("records").map((record) => record.text("value"));
  return {
    name: fields.text("name"),
    type,
    ttl: fields.number("ttl", zoneTtl),
    raw,
    values: own === undefined ? raw : raw.map((value) => canonicalValue(own, value)),
    labels: fields.labels("labels"),
  };
}

/** Names are relative to their zone, which itself is `@`. */
export function relativeName(name: string, zone: string): string {
  return name === zone ? "@" : name.slice(0, -zone.length - 1);
}

export function wholeName(relative: string, zone: string): string {
  return relative === "@" ? zone : `${relative}.${zone}`;
}

/** Records as the API takes them. */
export function bodyRecords(
  type: RecordType,
  values: readonly string[],
): readonly { readonly value: string }[] {
  return values.map((value) => ({ value: type === "TXT" ? quoted(value) : value }));
}

/** The owner of a set, as a stack sees it. */
export function ownerOf({ type, values, labels }: HetznerRecordSet, stack: StackOwner): Owner {
  if (type !== "CNAME") return cloudLabels.ownerOf(labels, stack);
  return { kind: "untagged", looksLike: `an unknown owner who made it an alias of ${values.join(", ")}` };
}

/** What was found at a key's place, as a set. */
export function foundSet(key: RecordKey, set: HetznerRecordSet, stack: StackOwner): ObservedRecordSet {
  const owner = ownerOf(set, stack);
  const { ttl, values } = set;
  return {
    name: key.name,
    type: key.type,
    ttl,
    values,
    proxied: false,
    owner,
    hasOurs: owner.kind === "ours",
  };
}
