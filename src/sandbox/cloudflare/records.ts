import { randomBytes } from "node:crypto";
import { defined } from "../../core/base/index.ts";
import { CloudflareApiError } from "./api-error.ts";
import { isProxiable, specOf } from "./record-spec.ts";
import type { CloudflareVariants, DnsRecord, RequestedRecord, CloudflareZone } from "./types.ts";

const maxRecords = 200;
const addressTypes = new Set(["A", "AAAA"]);

type Records = Map<string, DnsRecord>;

/** Throws if a record conflicts with existing ones. */
function checkBeside(spec: RequestedRecord, records: Records, own?: string): void {
  for (const other of records.values()) {
    if (other.id === own || other.name !== spec.name) continue;
    if (other.type === spec.type && other.content === spec.content) {
      throw new CloudflareApiError(400, 81_058, "An identical record already exists.");
    }
    const isAlias = spec.type === "CNAME" || other.type === "CNAME";
    if (isAlias && [spec.type, other.type].every((type) => type === "CNAME" || addressTypes.has(type))) {
      throw new CloudflareApiError(400, 81_053, "An A, AAAA, or CNAME record with that host already exists.");
    }
  }
}

function made(spec: RequestedRecord, time: string): DnsRecord {
  return {
    ...spec,
    id: randomBytes(16).toString("hex"),
    created: time,
    modified: time,
    commentModified: spec.comment === null ? undefined : time,
  };
}

function changed(spec: RequestedRecord, before: DnsRecord, time: string): DnsRecord {
  const isSameComment = spec.comment === before.comment;
  return {
    ...spec,
    id: before.id,
    created: before.created,
    modified: time,
    commentModified: isSameComment ? before.commentModified : time,
  };
}

function existing(records: Records, id: unknown): DnsRecord {
  const record = typeof id === "string" ? records.get(id) : undefined;
  if (record === undefined) throw new CloudflareApiError(404, 81_044, "Record does not exist.");
  return record;
}

/** Operations on a zone's records, on a copy that replaces them if all succeeded. */
export class RecordChanges {
  readonly #zone: CloudflareZone;
  readonly #records: Records;
  readonly #time: string;

  /** `time`: now, RFC 3339. */
  constructor(zone: CloudflareZone, time: string) {
    this.#zone = zone;
    this.#records = new Map(zone.records);
    this.#time = time;
  }

  create(body: unknown): DnsRecord {
    if (this.#records.size >= maxRecords && this.#zone.plan === "free") {
      throw new CloudflareApiError(
        400,
        81_045,
        `Record quota exceeded: a zone has ${maxRecords} records at the most.`,
      );
    }
    const record = made(specOf(body, this.#zone), this.#time);
    checkBeside(record, this.#records);
    this.#records.set(record.id, record);
    return record;
  }

  /** PUT empties what the body leaves out. PATCH keeps it. */
  change(id: unknown, body: unknown, how: "PUT" | "PATCH"): DnsRecord {
    const before = existing(this.#records, id);
    const spec = specOf(body, this.#zone, how === "PATCH" ? before : undefined);
    const record = changed(spec, before, this.#time);
    checkBeside(record, this.#records, record.id);
    this.#records.set(record.id, record);
    return record;
  }

  remove(id: unknown): DnsRecord {
    const record = existing(this.#records, id);
    this.#records.delete(record.id);
    return record;
  }

  commit(): void {
    this.#zone.records.clear();
    for (const [id, record] of this.#records) this.#zone.records.set(id, record);
  }
}

/** A record as the API shows it. */
export function showRecord(record: DnsRecord, variants: CloudflareVariants): object {
  const { id, name, type, content, ttl, proxied, comment, tags, data, settings } = record;
  const said = comment !== null || variants.emptyComment === "null" ? { comment } : {};
  return {
    id,
    name,
    type,
    content,
    proxiable: isProxiable(type),
    proxied,
    ttl,
    settings,
    meta: {},
    ...said,
    tags,
    created_on: record.created,
    modified_on: record.modified,
    ...defined({ comment_modified_on: record.commentModified, data }),
  };
}
