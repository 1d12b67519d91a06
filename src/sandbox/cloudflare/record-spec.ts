import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import { type JsonRecord, isRecord } from "../../core/base/index.ts";
import { CloudflareApiError, invalid } from "./api-error.ts";
import type { CaaData, DnsRecord, RequestedRecord, CloudflareZone } from "./types.ts";

const plans = {
  free: { comment: 100, tags: 0 },
  pro: { comment: 500, tags: 20 },
} as const;

/** The whole name, in Punycode and lower case; `@` is the zone itself. */
function nameOf(text: unknown, zone: CloudflareZone): string {
  if (typeof text !== "string" || text === "") throw invalid(9000, "DNS name is invalid.");
  if (text === "@") return zone.name;
  const ascii = domainToASCII(text.replace(/\.$/u, "")) || text;
  const name = ascii.toLowerCase();
  const full = name === zone.name || name.endsWith(`.${zone.name}`) ? name : `${name}.${zone.name}`;
  if (full.length > 253 || full.split(".").some((label) => label === "" || label.length > 63)) {
    throw invalid(9000, "DNS name is invalid.");
  }
  return full;
}

function caaOf(value: unknown): CaaData {
  if (!isRecord(value)) throw invalid(9101, "CAA needs data with flags, tag and value.");
  const { flags, tag, value: text } = value;
  const isFlags = typeof flags === "number" && Number.isInteger(flags) && flags >= 0 && flags <= 255;
  if (!isFlags || typeof tag !== "string" || !/^[a-z0-9]{1,15}$/u.test(tag) || typeof text !== "string") {
    throw invalid(9101, "CAA data is invalid.");
  }
  return { flags, tag, value: text };
}

/** IPv6 in its shortest form, as the API returns it. */
function addressOf(type: string, content: string): string {
  if (type === "A") {
    if (isIP(content) === 4) return content;
    throw invalid(9005, "Content for A record must be a valid IPv4 address.");
  }
  if (isIP(content) !== 6 || content.includes("%")) {
    throw invalid(9006, "Content for AAAA record must be a valid IPv6 address.");
  }
  return new URL(`http://[${content}]/`).hostname.slice(1, -1);
}

function contentOf(type: string, content: unknown, data: CaaData | undefined): string {
  if (data !== undefined) return `${data.flags} ${data.tag} ${JSON.stringify(data.value)}`;
  if (typeof content !== "string" || content === "") throw invalid(9002, "DNS content is required.");
  if (type === "A" || type === "AAAA") return addressOf(type, content);
  if (type === "CNAME" || type === "NS") return content.toLowerCase().replace(/\.$/u, "");
  if (content.length > 2048) throw invalid(9013, "DNS content is too long.");
  return content;
}

function ttlOf(ttl: unknown, proxied: boolean): number {
  if (proxied || ttl === undefined || ttl === null || ttl === 1) return 1;
  if (typeof ttl === "number" && Number.isInteger(ttl) && ttl >= 60 && ttl <= 86_400) return ttl;
  throw invalid(9021, "Invalid TTL. Must be between 60 and 86400 seconds, or 1 for Automatic.");
}

function commentOf(comment: unknown, { plan }: CloudflareZone): string | null {
  if (comment === undefined || comment === null || comment === "") return null;
  const { comment: maxComment } = plans[plan];
  if (typeof comment !== "string" || /[\r\n]/u.test(comment))
    throw invalid(9301, "DNS record comment is invalid.");
  if (comment.length > maxComment)
    throw invalid(9301, `DNS record comment exceeds the limit of ${maxComment} characters.`);
  return comment;
}

function tagsOf(tags: unknown, { plan }: CloudflareZone): readonly string[] {
  const list = Array.isArray(tags) ? (tags as readonly unknown[]) : [];
  const quota = plans[plan].tags;
  if (list.length > quota) {
    throw invalid(9300, `DNS record has ${list.length} tags, exceeding the quota of ${quota}.`);
  }
  return list.map((tag) => {
    const isTag = typeof tag === "string" && /^[\w-]{1,32}:.{0,100}$/u.test(tag);
    if (!isTag) throw invalid(9302, "DNS record tag is invalid.");
    return tag;
  });
}

const types = ["A", "AAAA", "CNAME", "TXT", "CAA", "MX", "NS"];
const proxiableTypes = new Set(["A", "AAAA", "CNAME"]);

/** Whether records of a type can be proxied. */
export const isProxiable = (type: string): boolean => proxiableTypes.has(type);

/**
 * The record that a body describes. `before` provides the fields that the body leaves out (PATCH); without it these are
 * empty (POST and PUT). Read-only fields are ignored. Throws `CloudflareApiError`.
 */
export function specOf(body: unknown, zone: CloudflareZone, before?: DnsRecord): RequestedRecord {
  if (!isRecord(body)) throw new CloudflareApiError(400, 9207, "Request body is invalid.");
  const fields: JsonRecord = {
    ...(before === undefined ? {} : { ...before, data: before.data ?? null }),
    ...body,
  };
  const type = typeof fields["type"] === "string" ? fields["type"].toUpperCase() : "";
  if (!types.includes(type)) throw invalid(9004, "DNS record type is invalid.");
  const proxied = fields["proxied"] === true;
  if (proxied && !isProxiable(type)) throw invalid(9003, "This record type cannot be proxied.");
  const data = type === "CAA" ? caaOf(fields["data"]) : undefined;
  return {
    name: nameOf(fields["name"], zone),
    type,
    content: contentOf(type, fields["content"], data),
    ttl: ttlOf(fields["ttl"], proxied),
    proxied,
    comment: commentOf(fields["comment"], zone),
    tags: tagsOf(fields["tags"], zone),
    data,
    settings: isRecord(fields["settings"]) ? fields["settings"] : {},
  };
}
