import { isIP } from "node:net";
import { defined } from "../../core/base/index.ts";
import { HetznerApiError, notFound, refused, uniquenessError } from "./api-error.ts";
import { type Body, recordOf } from "./body.ts";
import { labelsOf } from "./labels.ts";
import { byLabels, type ListForm } from "./listing.ts";
import type { HetznerProject } from "./project.ts";
import type { Action, ZoneRecordSet, Zone, ZoneRecord } from "./types.ts";

export const zoneList: ListForm<Zone> = {
  key: "zones",
  sortable: ["id", "name", "created"],
  filters: { name: ({ name }, value) => name === value, mode: ({ mode }, value) => mode === value },
};

/** Its pages may have a hundred, others fifty; tests here have fewer. */
export const recordSetList: ListForm<ZoneRecordSet> = {
  key: "rrsets",
  sortable: ["id", "name"],
  filters: {
    name: ({ name }, value) => name === value,
    type: ({ type }, value) => type === value,
    label_selector: byLabels,
  },
};

const types = "A AAAA CAA CNAME DS HINFO HTTPS MX NS PTR RP SOA SRV SVCB TLSA TXT".split(" ");
const assigned = ["hydrogen.ns.hetzner.com.", "oxygen.ns.hetzner.com.", "helium.ns.hetzner.de."];

export function newZone(
  project: HetznerProject,
  zone: Pick<Zone, "name"> & Partial<Pick<Zone, "mode" | "delegation">>,
): Zone {
  return {
    mode: "primary",
    delegation: "valid",
    ...defined(zone),
    name: zone.name,
    id: project.newId(),
    created: project.time(),
    updating: 0,
    sets: new Map(),
  };
}

export function showZone({ id, name, mode, delegation, created, updating, sets }: Zone): object {
  return {
    id,
    name,
    mode,
    created,
    ttl: 3600,
    status: updating > 0 ? "updating" : "ok",
    record_count: [...sets.values()].reduce((sum, { records }) => sum + records.length, 0),
    registrar: "other",
    primary_nameservers: [],
    authoritative_nameservers: {
      assigned,
      delegated: delegation === "valid" ? assigned : [],
      delegation_last_check: created,
      delegation_status: delegation,
    },
    labels: {},
    protection: { delete: false },
  };
}

export function showRecordSet(zone: Zone, set: ZoneRecordSet): object {
  return {
    ...set,
    records: set.records.map((record) => ({ comment: "", ...record })),
    protection: { change: false },
    zone: zone.id,
  };
}

function isValue(type: string, value: string): boolean {
  if (type === "A") return isIP(value) === 4;
  if (type === "AAAA") return isIP(value) === 6 && !value.includes("%");
  if (type === "TXT") return /^"(?:[^"\\]|\\.){0,255}"(?: "(?:[^"\\]|\\.){0,255}")*$/u.test(value);
  if (type === "CAA") return /^\d{1,3} [a-z0-9]+ "[^"]*"$/u.test(value);
  return value !== "";
}

function recordsIn(body: Body, type: string): readonly ZoneRecord[] {
  const records = body.list("records").flatMap((one): ZoneRecord[] => {
    const { value, comment } = recordOf(one) ?? {};
    if (typeof value !== "string" || !isValue(type, value))
      body.blame("records", `value is invalid for type ${type}`);
    return typeof value === "string" ? [{ value, ...(typeof comment === "string" ? { comment } : {}) }] : [];
  });
  if (records.length === 0) body.blame("records", "Must not be empty.");
  if (new Set(records.map(({ value }) => value)).size < records.length)
    body.blame("records", "Must only contain distinct record values.");
  return records;
}

function ttlIn(body: Body): number | null {
  const ttl = body.raw("ttl") ?? null;
  if (ttl === null) return null;
  if (typeof ttl === "number" && Number.isInteger(ttl) && ttl >= 60 && ttl <= 2_147_483_647) return ttl;
  body.blame("ttl", "Must be between 60 and 2147483647.");
  return null;
}

/** A change is on the name servers when its action is done. */
function begin(project: HetznerProject, zone: Zone, command: string): Action {
  zone.updating += 1;
  return project.begin(command, [{ id: zone.id, type: "zone" }], () => (zone.updating -= 1));
}

function checkBeside(zone: Zone, name: string, type: string): void {
  const others = [...zone.sets.values()].filter((set) => set.name === name && set.type !== type);
  if (others.length === 0 || (type !== "CNAME" && others.every((set) => set.type !== "CNAME"))) return;
  throw refused("invalid_input", "a CNAME cannot stand beside other records of its name");
}

function createSet(project: HetznerProject, zone: Zone, body: Body): object {
  const name = body.text("name", /^(?:@|[a-z0-9_*](?:[a-z0-9._*-]{0,250}[a-z0-9])?)$/u);
  const type = body.choice("type", types);
  const ttl = ttlIn(body);
  const records = recordsIn(body, type);
  const labels = body.has("labels") ? labelsOf(body.raw("labels")) : {};
  if (name === zone.name || name.endsWith(`.${zone.name}`))
    body.blame("name", "Must not end with the zone's name.");
  body.check();
  const id = `${name}/${type}`;
  if (zone.sets.has(id)) throw uniquenessError("name", "RRSet already exists");
  checkBeside(zone, name, type);
  const set: ZoneRecordSet = { id, name, type, ttl, records, labels };
  zone.sets.set(id, set);
  return { rrset: showRecordSet(zone, set), action: begin(project, zone, "create_rrset") };
}

type Act = (project: HetznerProject, zone: Zone, set: ZoneRecordSet, body: Body) => Action;

const acts: Readonly<Record<string, Act>> = {
  set_records(project, zone, set, body) {
    const records = recordsIn(body, set.type);
    body.check();
    set.records = records;
    return begin(project, zone, "set_rrset_records");
  },
  add_records(project, zone, set, body) {
    const records = recordsIn(body, set.type);
    body.check();
    const known = new Set(set.records.map(({ value }) => value));
    if (records.some(({ value }) => known.has(value)))
      throw uniquenessError("records", "record already exists");
    set.records = [...set.records, ...records];
    return begin(project, zone, "add_rrset_records");
  },
  remove_records(project, zone, set, body) {
    const gone = new Set(recordsIn(body, set.type).map(({ value }) => value));
    body.check();
    set.records = set.records.filter(({ value }) => !gone.has(value));
    if (set.records.length === 0) zone.sets.delete(set.id);
    return begin(project, zone, "remove_rrset_records");
  },
  change_ttl(project, zone, set, body) {
    const ttl = ttlIn(body);
    body.check();
    set.ttl = ttl;
    return begin(project, zone, "change_rrset_ttl");
  },
};

/** A request for a zone's sets. */
export interface SetsRequest {
  readonly method: string;
  /** Below `rrsets`. */
  readonly parts: readonly string[];
  readonly body: Body;
}

interface SetsReply {
  readonly status: number;
  readonly body: object;
}

function askSet(
  project: HetznerProject,
  zone: Zone,
  set: ZoneRecordSet,
  { method, body }: SetsRequest,
): SetsReply {
  if (method === "PUT") {
    if (body.has("labels")) set.labels = labelsOf(body.raw("labels"));
    body.check();
  }
  if (method === "GET" || method === "PUT") return { status: 200, body: { rrset: showRecordSet(zone, set) } };
  if (method !== "DELETE") throw new HetznerApiError(405, "method_not_allowed", "method not allowed");
  zone.sets.delete(set.id);
  return { status: 201, body: { action: begin(project, zone, "delete_rrset") } };
}

/** The outcome of a request; the list is the caller's. */
export function askSets(project: HetznerProject, zone: Zone, asked: SetsRequest): SetsReply {
  if (zone.mode !== "primary") throw refused("incorrect_zone_mode", "not supported for this zone's mode");
  const { method, parts, body } = asked;
  if (parts.length === 0 && method === "POST") return { status: 201, body: createSet(project, zone, body) };
  const [name = "", type = "", below, act = ""] = parts.map(decodeURIComponent);
  const set = zone.sets.get(`${name}/${type}`);
  if (set === undefined) throw notFound("rrset", `${name}/${type}`);
  if (below === undefined) return askSet(project, zone, set, asked);
  const perform = acts[act];
  if (below !== "actions" || method !== "POST" || perform === undefined) throw notFound("action", act);
  return { status: 201, body: { action: perform(project, zone, set, body) } };
}
