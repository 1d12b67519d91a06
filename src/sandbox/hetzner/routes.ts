import { HetznerApiError, notFound } from "./api-error.ts";
import type { Body } from "./body.ts";
import { images, locations, pricing } from "./catalogue.ts";
import {
  applyFirewall,
  createFirewall,
  deleteFirewall,
  firewallList,
  removeFirewall,
  setRules,
} from "./firewalls.ts";
import { labelsOf } from "./labels.ts";
import { byLabels, listAnswer, type ListForm } from "./listing.ts";
import {
  assignPrimaryIp,
  createPrimaryIp,
  deletePrimaryIp,
  primaryIpList,
  protectPrimaryIp,
  unassignPrimaryIp,
  updatePrimaryIp,
} from "./primary-ips.ts";
import { findByIdOrName, type HetznerProject } from "./project.ts";
import { createServer, deleteServer, serverActions, serverList, updateServer } from "./servers.ts";
import { showFirewall, showPrimaryIp, showServer } from "./show.ts";
import { createSshKey, sshKeyList } from "./ssh-keys.ts";
import { askSets, recordSetList, showRecordSet, showZone, zoneList } from "./zones.ts";
import type { Action, Image, Labels, Location, ResourceKind, Server, ServerType, Zone } from "./types.ts";

/** An authorized request. */
export interface HetznerRequest {
  readonly method: string;
  /** The path's parts after `/v1`. */
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
  readonly body: Body;
}

export interface HetznerReply {
  readonly status: number;
  readonly body?: object;
}

type Handle = (project: HetznerProject, request: HetznerRequest) => HetznerReply;

const ok = (body: object): HetznerReply => ({ status: 200, body });
const created = (body: object): HetznerReply => ({ status: 201, body });
const gone: HetznerReply = { status: 204 };

const typeList: ListForm<ServerType> = {
  key: "server_types",
  // The documentation names no order, but clients ask for one.
  sortable: ["id", "name"],
  filters: { name: ({ name }, value) => name === value },
};

const locationList: ListForm<Location> = {
  key: "locations",
  sortable: ["id", "name"],
  filters: { name: ({ name }, value) => name === value },
};

const imageList: ListForm<Image> = {
  key: "images",
  sortable: ["id", "name", "created"],
  filters: {
    name: ({ name }, value) => name === value,
    type: ({ type }, value) => type === value,
    status: ({ status }, value) => status === value,
    architecture: ({ architecture }, value) => architecture === value,
    label_selector: byLabels,
  },
};

const actionList: ListForm<Action> = {
  key: "actions",
  sortable: ["id", "command", "status", "started", "finished"],
  filters: { status: ({ status }, value) => status === value },
};

/** A read-only collection: a list, and single resources by id. */
function readable<T extends { id: number }>(
  kind: string,
  items: (project: HetznerProject, request: HetznerRequest) => readonly T[],
  form: ListForm<T>,
): Handle {
  return (project, request) => {
    const [, id, ...rest] = request.parts;
    if (request.method !== "GET") throw new HetznerApiError(405, "method_not_allowed", "method not allowed");
    const all = items(project, request);
    if (id === undefined) return ok(listAnswer(all, form, request.query, (item) => item));
    const one = all.find((item) => String(item.id) === id);
    if (one === undefined || rest.length > 0) throw notFound(kind, id);
    return ok({ [kind]: one });
  };
}

/** The public images; deprecated ones only on request. */
function imagesFor(_project: HetznerProject, { query, parts }: HetznerRequest): readonly Image[] {
  const all = parts[1] !== undefined || query.get("include_deprecated") === "true";
  return all ? images : images.filter(({ deprecated }) => deprecated === null);
}

/** GET /actions takes only ids and returns no `meta`; all of a project's actions cannot be listed. */
function actionsHandle(project: HetznerProject, { method, parts, query }: HetznerRequest): HetznerReply {
  if (method !== "GET") throw new HetznerApiError(405, "method_not_allowed", "method not allowed");
  const id = parts[1];
  if (id !== undefined) return ok({ action: project.get(project.actions, "action", id) });
  const ids = query.getAll("id");
  if (ids.length === 0)
    throw new HetznerApiError(410, "deprecated_api_endpoint", "listing all actions was removed");
  return ok({ actions: ids.flatMap((one) => project.actions.get(Number(one)) ?? []) });
}

/** The operations on one kind of resource. */
interface Collection<T> {
  readonly kind: ResourceKind | "ssh_key";
  readonly table: (project: HetznerProject) => ReadonlyMap<number, T>;
  readonly form: ListForm<T>;
  readonly show: (project: HetznerProject, item: T) => object;
  readonly create: (project: HetznerProject, body: Body) => object;
  readonly update: (project: HetznerProject, item: T, body: Body) => void;
  readonly remove: (project: HetznerProject, item: T) => HetznerReply;
  readonly act: Readonly<Record<string, (project: HetznerProject, item: T, body: Body) => object>>;
}

function actionsOf(project: HetznerProject, kind: string, id: number): readonly Action[] {
  return [...project.actions.values()].filter(({ resources }) =>
    resources.some((one) => one.id === id && one.type === kind),
  );
}

function actHandle<T extends { id: number }>(
  collection: Collection<T>,
  project: HetznerProject,
  item: T,
  request: HetznerRequest,
): HetznerReply {
  const { method, query, body } = request;
  const name = request.parts[3];
  const known = actionsOf(project, collection.kind, item.id);
  if (method === "GET" && name === undefined) return ok(listAnswer(known, actionList, query, (one) => one));
  if (method === "GET") {
    const one = known.find(({ id }) => String(id) === name);
    if (one === undefined) throw notFound("action", name ?? "");
    return ok({ action: one });
  }
  const act = name === undefined ? undefined : collection.act[name];
  if (act === undefined || method !== "POST") throw notFound("action", name ?? "");
  return created(act(project, item, body));
}

function itemHandle<T extends { id: number }>(
  collection: Collection<T>,
  project: HetznerProject,
  request: HetznerRequest,
): HetznerReply {
  const { kind, table, show, update, remove } = collection;
  const [, id = "", below] = request.parts;
  const isRead = request.method === "GET" && below === undefined;
  const item = project.get(isRead ? project.shown(table(project)) : table(project), kind, id);
  if (below === "actions") return actHandle(collection, project, item, request);
  if (below !== undefined) throw notFound(kind, id);
  if (request.method === "GET") return ok({ [kind]: show(project, item) });
  if (request.method === "DELETE") return remove(project, item);
  if (request.method !== "PUT") throw new HetznerApiError(405, "method_not_allowed", "method not allowed");
  update(project, item, request.body);
  return ok({ [kind]: show(project, item) });
}

function collectionHandle<T extends { id: number }>(collection: Collection<T>): Handle {
  return (project, request) => {
    const { table, form, show, create } = collection;
    const [name, id] = request.parts;
    if (id === "actions")
      return actionsHandle(project, { ...request, parts: [name ?? "", ...request.parts.slice(2)] });
    if (id !== undefined) return itemHandle(collection, project, request);
    if (request.method === "POST") return created(create(project, request.body));
    if (request.method !== "GET") throw new HetznerApiError(405, "method_not_allowed", "method not allowed");
    const shown = [...project.shown(table(project)).values()];
    return ok(listAnswer(shown, form, request.query, (item) => show(project, item)));
  };
}

interface Renamed {
  readonly id: number;
  name: string;
  labels: Labels;
}

/** PUT of resources with nothing but a name and labels. */
function rename<T extends Renamed>(table: (project: HetznerProject) => ReadonlyMap<number, T>) {
  return (project: HetznerProject, item: T, body: Body): void => {
    const name = body.optionalText("name");
    const labels = body.has("labels") ? labelsOf(body.raw("labels")) : item.labels;
    body.check();
    if (name !== undefined) {
      project.claimName(table(project), name, item.id);
      item.name = name;
    }
    item.labels = labels;
  };
}

const sshKeys = collectionHandle({
  kind: "ssh_key",
  table: (project) => project.sshKeys,
  form: sshKeyList,
  show: (_project, key) => key,
  create: (project, body) => ({ ssh_key: createSshKey(project, body) }),
  update: rename((project) => project.sshKeys),
  remove: (project, { id }) => {
    project.sshKeys.delete(id);
    return gone;
  },
  act: {},
});

const firewalls = collectionHandle({
  kind: "firewall",
  table: (project) => project.firewalls,
  form: firewallList,
  show: showFirewall,
  create: (project, body) => {
    const { firewall, actions } = createFirewall(project, body);
    return { firewall: showFirewall(project, firewall), actions };
  },
  update: rename((project) => project.firewalls),
  remove: (project, firewall) => {
    deleteFirewall(project, firewall);
    return gone;
  },
  act: {
    set_rules: (project, firewall, body) => ({ actions: setRules(project, firewall, body) }),
    apply_to_resources: (project, firewall, body) => ({ actions: applyFirewall(project, firewall, body) }),
    remove_from_resources: (project, firewall, body) => ({
      actions: removeFirewall(project, firewall, body),
    }),
  },
});

const primaryIps = collectionHandle({
  kind: "primary_ip",
  table: (project) => project.primaryIps,
  form: primaryIpList,
  show: showPrimaryIp,
  create: (project, body) => {
    const { address, action } = createPrimaryIp(project, body);
    return { primary_ip: showPrimaryIp(project, address), action: action ?? null };
  },
  update: updatePrimaryIp,
  remove: (project, address) => {
    deletePrimaryIp(project, address);
    return gone;
  },
  act: {
    assign: (project, address, body) => ({ action: assignPrimaryIp(project, address, body) }),
    unassign: (project, address) => ({ action: unassignPrimaryIp(project, address) }),
    change_protection: (project, address, body) => ({ action: protectPrimaryIp(project, address, body) }),
  },
});

const servers = collectionHandle({
  kind: "server",
  table: (project) => project.servers,
  form: serverList,
  show: showServer,
  create: (project, body) => {
    const { server, action, nextActions, rootPassword } = createServer(project, body);
    return {
      server: showServer(project, server),
      action,
      next_actions: nextActions,
      root_password: rootPassword,
    };
  },
  update: updateServer,
  remove: (project, server) => ok({ action: deleteServer(project, server) }),
  act: Object.fromEntries(
    Object.entries(serverActions).map(([name, perform]) => [
      name,
      (project: HetznerProject, server: Server, body: Body): object => ({
        action: perform(project, server, body),
        ...(name === "rebuild" ? { root_password: null } : {}),
      }),
    ]),
  ),
});

/** Parts of the API that this stand-in does not implement: 501, which the API itself never answers. */
function notImplemented({ method, parts }: HetznerRequest): HetznerApiError {
  const request = `${method} /${parts.join("/")}`;
  return new HetznerApiError(
    501,
    "not_implemented",
    `the stand-in Hetzner Cloud does not implement ${request}`,
  );
}

function zoneHandle(project: HetznerProject, zone: Zone, request: HetznerRequest): HetznerReply {
  const { method, parts, query, body } = request;
  const [, , below, ...rest] = parts;
  if (below === undefined && method === "GET") return ok({ zone: showZone(zone) });
  const isPosted = below === undefined && method === "POST";
  if (isPosted) throw new HetznerApiError(405, "method_not_allowed", "method not allowed");
  if (below !== "rrsets") throw notImplemented(request);
  if (rest.length > 0 || method !== "GET") return askSets(project, zone, { method, parts: rest, body });
  return ok(listAnswer([...zone.sets.values()], recordSetList, query, (set) => showRecordSet(zone, set)));
}

/** Zones are found by id or name. Only their record sets are implemented. */
function zonesHandle(project: HetznerProject, request: HetznerRequest): HetznerReply {
  const { method, parts, query } = request;
  const [, idOrName] = parts;
  const all = [...project.zones.values()];
  if (idOrName === undefined && method === "GET") return ok(listAnswer(all, zoneList, query, showZone));
  if (idOrName === "actions") return actionsHandle(project, { ...request, parts: parts.slice(1) });
  if (idOrName === undefined) throw notImplemented(request);
  const zone = findByIdOrName(all, idOrName);
  if (zone === undefined) throw notFound("zone", idOrName);
  return zoneHandle(project, zone, request);
}

const collections: Readonly<Record<string, Handle>> = {
  ssh_keys: sshKeys,
  firewalls,
  primary_ips: primaryIps,
  servers,
  actions: actionsHandle,
  zones: zonesHandle,
  server_types: readable("server_type", (project) => project.types(), typeList),
  locations: readable("location", () => locations, locationList),
  images: readable("image", imagesFor, imageList),
  pricing: () => ok({ pricing }),
  datacenters: () => {
    throw new HetznerApiError(410, "deprecated_api_endpoint", "datacenters were removed on 2026-10-01", {
      announcement: "https://docs.hetzner.cloud/changelog",
    });
  },
};

/** Answers one request. Throws `HetznerApiError`. */
export function answer(project: HetznerProject, request: HetznerRequest): HetznerReply {
  const handle = collections[request.parts[0] ?? ""];
  if (handle === undefined) throw new HetznerApiError(404, "not_found", "endpoint not found");
  project.settle();
  return handle(project, request);
}
