import { CloudflareApiError } from "./api-error.ts";
import { matching, pageOf } from "./filters.ts";
import { RecordChanges, showRecord } from "./records.ts";
import type { CloudflareVariants, DnsRecord, CloudflareZone } from "./types.ts";

/** An authorized request. */
export interface CloudflareRequest {
  readonly method: string;
  /** The path's parts after `/client/v4`. */
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
  /** Its JSON body; undefined if there is none. */
  readonly body: unknown;
  /** The token may read but not write. */
  readonly isReadOnly: boolean;
}

/** The content of a success. */
export interface Success {
  readonly result: unknown;
  readonly info?: object;
}

export interface CloudflareAccount {
  readonly id: string;
  readonly tokenId: string;
  readonly zones: readonly CloudflareZone[];
  readonly variants: CloudflareVariants;
  /** Now, RFC 3339. */
  readonly time: () => string;
  /** Whether lists show a record by now. */
  readonly isListed: (record: DnsRecord) => boolean;
}

const since = "2024-01-01T00:00:00.000000Z";

function showZone(
  { id, name, plan, status, paused, type }: CloudflareZone,
  account: CloudflareAccount,
  { isReadOnly }: Pick<CloudflareRequest, "isReadOnly">,
): object {
  return {
    id,
    name,
    status,
    paused,
    type,
    development_mode: 0,
    name_servers: ["ada.ns.cloudflare.example", "bob.ns.cloudflare.example"],
    original_name_servers: [],
    original_registrar: null,
    original_dnshost: null,
    created_on: since,
    modified_on: since,
    activated_on: status === "active" ? since : null,
    meta: { step: 2, custom_certificate_quota: 0, page_rule_quota: 3, phishing_detected: false },
    owner: { id: null, type: "user", email: null },
    account: { id: account.id, name: "stand-in" },
    permissions: [...(isReadOnly ? [] : ["#dns_records:edit"]), "#dns_records:read", "#zone:read"],
    plan: {
      id: account.id,
      name: plan === "free" ? "Free Website" : "Pro Website",
      legacy_id: plan,
      price: 0,
      currency: "USD",
      frequency: "",
      is_subscribed: plan !== "free",
      can_subscribe: false,
      externally_managed: false,
    },
  };
}

/** The zones of the token. Without a name, or with a name that is not its own, some tokens are refused. */
function listZones(account: CloudflareAccount, request: CloudflareRequest): Success {
  const { query } = request;
  const wanted = query
    .get("name")
    ?.replace(/^equal:/u, "")
    .toLowerCase();
  const found = account.zones.filter(({ name }) => wanted === undefined || name === wanted);
  if (account.variants.unknownZone === "refusal" && (wanted === undefined || found.length === 0)) {
    throw new CloudflareApiError(
      403,
      9109,
      `Actor 'com.cloudflare.api.token.${account.tokenId}' requires permission 'com.cloudflare.api.account.zone.list' to list zones`,
    );
  }
  const { items, info } = pageOf(found, query, 20, 50);
  return { result: items.map((zone) => showZone(zone, account, request)), info };
}

function zoneOf(account: CloudflareAccount, id: string): CloudflareZone {
  if (!/^[0-9a-f]{32}$/u.test(id)) {
    throw new CloudflareApiError(
      404,
      7003,
      `Could not route to /zones/${id}, perhaps your object identifier is invalid?`,
    );
  }
  const zone = account.zones.find((one) => one.id === id);
  if (zone === undefined) throw new CloudflareApiError(403, 10_000, "Authentication error");
  return zone;
}

interface Batch {
  readonly deletes?: readonly { readonly id?: unknown }[];
  readonly patches?: readonly { readonly id?: unknown }[];
  readonly puts?: readonly { readonly id?: unknown }[];
  readonly posts?: readonly unknown[];
}

/** Deletes, patches, puts and posts, in this order and all or nothing. */
function runBatch(
  changes: RecordChanges,
  body: unknown,
): Readonly<Record<keyof Batch, readonly DnsRecord[]>> {
  const { deletes = [], patches = [], puts = [], posts = [] } = (body ?? {}) as Batch;
  return {
    deletes: deletes.map(({ id }) => changes.remove(id)),
    patches: patches.map((patch) => changes.change(patch.id, patch, "PATCH")),
    puts: puts.map((put) => changes.change(put.id, put, "PUT")),
    posts: posts.map((post) => changes.create(post)),
  };
}

function writeRecords(
  account: CloudflareAccount,
  zone: CloudflareZone,
  { method, parts, body }: CloudflareRequest,
): Success {
  const changes = new RecordChanges(zone, account.time());
  const show = (record: DnsRecord): object => showRecord(record, account.variants);
  const id = parts[3];
  let success: Success;
  if (method === "POST" && id === "batch") {
    const done = Object.entries(runBatch(changes, body)).map(([key, records]) => [key, records.map(show)]);
    success = { result: Object.fromEntries(done) };
  } else if (method === "POST" && id === undefined) success = { result: show(changes.create(body)) };
  else if (id !== undefined && (method === "PUT" || method === "PATCH")) {
    success = { result: show(changes.change(id, body, method)) };
  } else if (id !== undefined && method === "DELETE") success = { result: { id: changes.remove(id).id } };
  else throw new CloudflareApiError(405, 10_405, "Method not allowed for this endpoint.");
  changes.commit();
  return success;
}

function recordsOf(account: CloudflareAccount, zone: CloudflareZone, request: CloudflareRequest): Success {
  const { method, parts, query } = request;
  if (method !== "GET") return writeRecords(account, zone, request);
  const id = parts[3];
  if (id !== undefined) {
    const record = zone.records.get(id);
    if (record === undefined) throw new CloudflareApiError(404, 81_044, "Record does not exist.");
    return { result: showRecord(record, account.variants) };
  }
  const { items, info } = pageOf(
    matching([...zone.records.values()].filter(account.isListed), query),
    query,
    100,
    5000,
  );
  return { result: items.map((record) => showRecord(record, account.variants)), info };
}

/** Answers one request. Throws `CloudflareApiError`. */
export function answer(account: CloudflareAccount, request: CloudflareRequest): Success {
  const { method, parts } = request;
  const [first, id, below, ...rest] = parts;
  if (parts.join("/") === "user/tokens/verify" && method === "GET") {
    return { result: { id: account.tokenId, status: "active" } };
  }
  if (first !== "zones" || rest.length > 1) throw new CloudflareApiError(404, 7003, "No route for that URI");
  if (id === undefined && method === "GET") return listZones(account, request);
  if (id !== undefined && below === undefined && method === "GET") {
    return { result: showZone(zoneOf(account, id), account, request) };
  }
  if (id !== undefined && below === "dns_records") return recordsOf(account, zoneOf(account, id), request);
  throw new CloudflareApiError(405, 10_405, "Method not allowed for this endpoint.");
}
