import { isRecord, PodtrustError, textsOf } from "../../core/base/index.ts";
import type { DnsZone } from "../../rules/dns/index.ts";
import { invalidAnswer } from "./answer.ts";

/** A zone as the API has it. */
export interface ApiZone extends DnsZone {
  readonly status: string;
  readonly paused: boolean;
  /** `full`: Cloudflare serves it; anything else is served elsewhere, or a copy of it. */
  readonly type: string;
  /** The token's rights there, as far as the API says: `#dns_records:edit`. */
  readonly permissions: readonly string[];
}

/** A zone of an answer. Throws `cloudflare-answer-invalid`. */
export function readZone(value: unknown, what: string): ApiZone {
  if (!isRecord(value)) throw invalidAnswer(what, "a zone is no object");
  const { id, name, status, paused, type, permissions } = value;
  if (typeof id !== "string" || !/^[0-9a-f]{32}$/u.test(id)) throw invalidAnswer(what, "a zone has no id");
  if (typeof name !== "string") throw invalidAnswer(what, "a zone has no name");
  return {
    id,
    name: name.toLowerCase(),
    status: typeof status === "string" ? status : "unknown",
    paused: paused === true,
    type: typeof type === "string" ? type : "full",
    permissions: textsOf(permissions),
  };
}

/** Whether the API says that the records may be read and not written. A list without either says nothing. */
export function isReadOnly({ permissions }: ApiZone): boolean {
  return permissions.includes("#dns_records:read") && !permissions.includes("#dns_records:edit");
}

/** Why a zone's records are not publicly served; undefined where they are. */
function whyUnserved({ status, paused, type }: ApiZone): string | undefined {
  if (status !== "active") return `its status is ${status}`;
  if (paused) return "it is paused";
  return type === "full" ? undefined : `it is of type ${type}, so that its names are served elsewhere`;
}

/** Whether a zone's records are publicly served. */
export function isServed(zone: ApiZone): boolean {
  return whyUnserved(zone) === undefined;
}

/** Throws `dns-zone-inactive` for a zone whose records are not publicly served. */
export function checkServed(zone: ApiZone): void {
  const said = whyUnserved(zone);
  if (said === undefined) return;
  const { name, status, paused, type } = zone;
  throw new PodtrustError("dns-zone-inactive", `Cloudflare does not serve the zone ${name}: ${said}`, {
    detail: { zone: name, status, paused, type },
  });
}
