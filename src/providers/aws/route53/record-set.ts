import type { ResourceRecordSet } from "@aws-sdk/client-route-53";
import { defined } from "../../../core/base/index.ts";
import { canonicalValue, quoted, type RecordSet, type RecordType } from "../../../rules/dns/index.ts";

/** All records of one name and type at Route 53, and what a deletion has to name exactly. */
export interface Route53RecordSet {
  /** Lower case, without a dot at its end. */
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  /** In canonical form where the type is one of ours. */
  readonly values: readonly string[];
  /** How it differs from a plain set of records: `an alias of …`, `a weighted record`. */
  readonly special?: string;
  readonly raw: ResourceRecordSet;
}

const ownTypes: readonly RecordType[] = ["A", "AAAA", "CAA", "TXT"];

/** A name as Route 53 writes it: what is no letter, digit, hyphen or underscore is \ and three octal digits. */
export function plainName(text: string): string {
  return text
    .replaceAll(/\\(\d{3})/gu, (_, octal: string) => String.fromCodePoint(Number.parseInt(octal, 8)))
    .replace(/\.$/u, "")
    .toLowerCase();
}

/**
 * The key by which Route 53 sorts names: labels reversed, each with its dot, so that `a-b.example` comes before
 * `x.a.example` (ListResourceRecordSets, "Sort order").
 */
export function sortKey(name: string): string {
  return `${name.split(".").reverse().join(".")}.`;
}

function specialOf({ AliasTarget, SetIdentifier, Type }: ResourceRecordSet): string | undefined {
  if (AliasTarget !== undefined) return `an alias of ${plainName(AliasTarget.DNSName ?? "?")}`;
  if (SetIdentifier !== undefined)
    return `one of several by routing policy, ${JSON.stringify(SetIdentifier)}`;
  return Type === "CNAME" ? "an alias (CNAME)" : undefined;
}

/** A set of an answer. */
export function readSet(raw: ResourceRecordSet): Route53RecordSet {
  const type = raw.Type ?? "?";
  const own = ownTypes.find((one) => one === type);
  const values = (raw.ResourceRecords ?? []).map(({ Value = "" }) =>
    own === undefined ? Value : canonicalValue(own, Value),
  );
  const special = specialOf(raw);
  return {
    name: plainName(raw.Name ?? ""),
    type,
    ttl: raw.TTL ?? 0,
    values,
    raw,
    ...defined({ special }),
  };
}

/** A set as Route 53 takes it. */
export function rawSet({ name, type, ttl, values }: RecordSet): ResourceRecordSet {
  const written = values.map((value) => ({ Value: type === "TXT" ? quoted(value) : value }));
  return { Name: `${name}.`, Type: type, TTL: ttl, ResourceRecords: written };
}

/** Whether a set holds just these values, whatever their order. */
export function isAlike(set: Route53RecordSet, ttl: number, values: readonly string[]): boolean {
  return set.ttl === ttl && [...set.values].sort().join("\n") === [...values].sort().join("\n");
}
