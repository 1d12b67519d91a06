export interface CloudflareZone {
  /** 32 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  readonly plan: "free" | "pro";
  readonly status: "active" | "pending" | "initializing" | "moved";
  readonly paused: boolean;
  readonly type: "full" | "partial" | "secondary";
  readonly records: Map<string, DnsRecord>;
}

export interface CaaData {
  readonly flags: number;
  readonly tag: string;
  readonly value: string;
}

/** A client's input for a record; the rest is made here. */
export interface RequestedRecord {
  readonly name: string;
  readonly type: string;
  readonly content: string;
  readonly ttl: number;
  readonly proxied: boolean;
  readonly comment: string | null;
  readonly tags: readonly string[];
  readonly data: CaaData | undefined;
  readonly settings: object;
}

export interface DnsRecord extends RequestedRecord {
  readonly id: string;
  readonly created: string;
  readonly modified: string;
  readonly commentModified: string | undefined;
}

/** Forms of answers that are documented or were seen; which one comes today is unknown. */
export interface CloudflareVariants {
  /** Faults of a record alone, or behind 1004. */
  readonly validationErrors: "plain" | "chained";
  /** A zone that the token does not know: an empty result, or a refusal. */
  readonly unknownZone: "empty" | "refusal";
  /** A missing comment: no field, or null. */
  readonly emptyComment: "absent" | "null";
}

export const defaultVariants: CloudflareVariants = {
  validationErrors: "plain",
  unknownZone: "empty",
  emptyComment: "null",
};
