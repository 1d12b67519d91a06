import { isRecord, recordOf, textOf } from "../../core/base/index.ts";
import {
  canonicalValue,
  caaText,
  type ObservedRecordSet,
  parseCaa,
  quoted,
  type RecordKey,
  type RecordSet,
} from "../../rules/dns/index.ts";
import { lacksIdentity, type Owner, ownershipComment, type StackOwner } from "../../rules/plan/index.ts";
import { invalidAnswer } from "./answer.ts";

/** One record as the API has it. */
export interface ApiRecord {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  /** In canonical form where it is one of our types. */
  readonly value: string;
  readonly ttl: number;
  readonly proxied: boolean;
  readonly comment: string;
}

/** Our marks are comments: 100 characters on Free plans (Cloudflare, "DNS record attributes"). */
export const maxComment = 100;

const ownTypes = ["A", "AAAA", "CAA", "TXT"] as const;

/** CAA has its parts beside the text that they make. */
function valueOf(type: string, content: string, data: unknown): string {
  const { flags, tag, value } = recordOf(data);
  if (type === "CAA" && typeof flags === "number" && typeof tag === "string" && typeof value === "string") {
    return caaText({ flags, tag: tag.toLowerCase(), value });
  }
  const own = ownTypes.find((one) => one === type);
  return own === undefined ? content : canonicalValue(own, content);
}

/** A record of an answer. Throws `cloudflare-answer-invalid`. */
export function readRecord(value: unknown, what: string): ApiRecord {
  if (!isRecord(value)) throw invalidAnswer(what, "a record is no object");
  const { id, name, type, content, ttl, proxied, comment, data } = value;
  const texts = [id, name, type].every((one) => typeof one === "string" && one !== "");
  if (!texts || typeof ttl !== "number") throw invalidAnswer(what, "a record lacks id, name, type or ttl");
  return {
    id: String(id),
    name: String(name).toLowerCase(),
    type: String(type),
    value: valueOf(String(type), textOf(content) ?? "", data),
    ttl,
    proxied: proxied === true,
    // Absent or null where it is empty.
    comment: textOf(comment) ?? "",
  };
}

/** Whether a record takes the place of a key's: its own kind, or an alias of the whole name. */
export function isAt({ name, type }: RecordKey, record: ApiRecord): boolean {
  return record.name === name && (record.type === type || record.type === "CNAME");
}

/** The owner of a record, as a stack sees it. */
export function ownerOf(record: ApiRecord, stack: StackOwner): Owner {
  if (record.type !== "CNAME") return ownershipComment.ownerOf(record.comment, stack);
  return { kind: "untagged", looksLike: `an unknown owner who made it an alias of ${record.value}` };
}

/** Records of one name and type as a set; undefined for none. */
export function setOf(
  key: RecordKey,
  records: readonly ApiRecord[],
  stack: StackOwner,
): ObservedRecordSet | undefined {
  const [first] = records;
  if (first === undefined) return undefined;
  const owners = records.map((record) => ownerOf(record, stack));
  return {
    ...key,
    ttl: records.every(({ ttl }) => ttl === first.ttl) ? first.ttl : "mixed",
    values: records.map(({ value }) => value),
    recordIds: Object.fromEntries(records.map(({ value, id }) => [value, id])),
    proxied: records.some(({ proxied }) => proxied),
    hasOurs: owners.some(({ kind }) => kind === "ours"),
    owner: owners.find(({ kind }) => kind !== "ours") ?? owners.find(lacksIdentity) ?? { kind: "ours" },
  };
}

/** The body that makes a record hold a value: CAA is written by its parts. */
export function bodyOf({ name, type, ttl }: RecordSet, value: string, comment: string): object {
  const caa = type === "CAA" ? parseCaa(value) : undefined;
  const content = type === "TXT" ? quoted(value) : value;
  const proxied = type === "A" || type === "AAAA" ? { proxied: false } : {};
  return { name, type, ttl, ...proxied, ...(caa === undefined ? { content } : { data: caa }), comment };
}
