import type { Owner } from "../plan/index.ts";

/** The types of records that podtrust keeps. */
export type RecordType = "A" | "AAAA" | "CAA" | "TXT";

/** A zone that its provider serves. */
export interface DnsZone {
  /** The provider's own. */
  readonly id: string;
  /** Lower case, A-labels, without a dot at its end; so are all names here. */
  readonly name: string;
  /** The provider says that its records may be read here, and not written. */
  readonly isReadOnly?: true;
}

/** Which records: all of one name and type. */
export interface RecordKey {
  readonly name: string;
  readonly type: RecordType;
}

/** All records of one name and type. Values are in canonical form (`canonicalValue`), in any order. */
export interface RecordSet extends RecordKey {
  /** Seconds. */
  readonly ttl: number;
  readonly values: readonly string[];
}

/** The same, as found at the provider. */
export interface ObservedRecordSet extends RecordKey {
  /** Seconds; `mixed` where a provider keeps one for each record, and they differ. */
  readonly ttl: number | "mixed";
  readonly values: readonly string[];
  /** Whether the provider answers with addresses of its own in place of these. */
  readonly proxied: boolean;
  /** The provider's ID of the record of each value, by value; absent where it has sets by name and type. */
  readonly recordIds?: Readonly<Record<string, string>>;
  /** Ours only if all of it is. An alias in the records' place is not ours. */
  readonly owner: Owner;
  /** Whether some of it is ours, whatever the owner of the rest. */
  readonly hasOurs: boolean;
}

/** One of a name's TXT records. */
export interface TextValue {
  readonly name: string;
  /** Without quotes. */
  readonly value: string;
}

/** What a change may use while it runs. */
export interface DnsWork {
  readonly signal: AbortSignal;
  /** Reports what is waited for, why, and until when (milliseconds of `Clock.elapsed()`). */
  waiting(reason: string, deadline: number): void;
}

/**
 * The server of a zone, as one stack sees it. The contract, which test/support/dns-provider-contract.ts checks:
 *
 * - What `write` makes carries the stack's mark from its first moment on, and `find` reads a set's owner from it.
 * - `write`, `delete`, `addText` and `removeText` may be cut off anywhere and called again, and their answers may get
 *   lost: they look before they repeat anything. What stands as wanted is left as it is; what is gone is gone.
 * - None of them changes or deletes what is not the stack's: they throw `dns-name-taken`, `write` only unless it is
 *   given `takeOver`.
 */
export interface DnsProvider {
  /** As a person knows it: `Cloudflare`. */
  readonly name: string;
  /** The caller that it is asked as: `its API token`. */
  readonly caller: string;
  /**
   * The innermost existing zone that holds a name. Throws `dns-zone-missing`, `dns-zone-inactive`, and what is wrong
   * with credentials.
   */
  zoneOf(name: string, signal: AbortSignal): Promise<DnsZone>;
  /** The set that exists there; undefined: none. */
  find(zone: DnsZone, key: RecordKey, signal: AbortSignal): Promise<ObservedRecordSet | undefined>;
  /** All of the zone that carries the stack's mark. */
  owned(zone: DnsZone, signal: AbortSignal): Promise<readonly ObservedRecordSet[]>;
  /** Makes a set what is given, and the stack's; with `takeOver` also where it has another owner. */
  write(zone: DnsZone, set: RecordSet, work: DnsWork, takeOver?: boolean): Promise<void>;
  /** Removes the stack's part of a set. */
  delete(zone: DnsZone, key: RecordKey, work: DnsWork): Promise<void>;
  /** Adds one value to a name's TXT records, and leaves the others as they are, whatever their owner. */
  addText(zone: DnsZone, text: TextValue, work: DnsWork): Promise<void>;
  /** Removes one value that `addText` added, and leaves the others. */
  removeText(zone: DnsZone, text: TextValue, work: DnsWork): Promise<void>;
  /** Waits until all name servers answer with what this run wrote, where the provider says so. Throws `dns-not-visible`. */
  untilVisible?(key: RecordKey, work: DnsWork): Promise<void>;
  /** Closes connections. */
  close(): void;
}
