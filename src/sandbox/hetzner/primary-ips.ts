import { randomInt } from "node:crypto";
import { HetznerApiError, invalidInput, notFound, protectedError, refused } from "./api-error.ts";
import type { Body } from "./body.ts";
import { labelsOf } from "./labels.ts";
import { byLabels, type ListForm } from "./listing.ts";
import type { HetznerProject } from "./project.ts";
import type { Action, Labels, Location, PrimaryIp, Server } from "./types.ts";

export const primaryIpList: ListForm<PrimaryIp> = {
  key: "primary_ips",
  // No name: the API does not sort by it.
  sortable: ["id", "created"],
  filters: {
    name: ({ name }, value) => name === value,
    ip: ({ ip }, value) => ip === value || ip.replace(/\/64$/u, "") === value,
    label_selector: byLabels,
  },
};

export interface NewPrimaryIp {
  readonly name: string;
  readonly type: "ipv4" | "ipv6";
  readonly location: Location;
  readonly labels: Labels;
  readonly autoDelete: boolean;
}

/** An address of the documentation ranges (RFC 5737, RFC 3849); each is assigned once. */
function freeAddress(project: HetznerProject, type: "ipv4" | "ipv6"): string {
  const taken = new Set([...project.primaryIps.values()].map(({ ip }) => ip));
  for (let tries = 0; tries < 1000; tries += 1) {
    const ip =
      type === "ipv4"
        ? `${["203.0.113", "198.51.100", "192.0.2"][randomInt(3)]}.${randomInt(1, 255)}`
        : `2001:db8:${randomInt(1, 0xff_ff).toString(16)}:${randomInt(1, 0xff_ff).toString(16)}::/64`;
    if (!taken.has(ip)) return ip;
  }
  throw new HetznerApiError(403, "resource_limit_exceeded", "primary IP limit exceeded", {
    limits: [{ name: "primary_ip_limit" }],
  });
}

/** Makes an unassigned address. */
export function makePrimaryIp(project: HetznerProject, spec: NewPrimaryIp): PrimaryIp {
  const ip = freeAddress(project, spec.type);
  const first = spec.type === "ipv4" ? ip : ip.replace("::/64", "::1");
  const made: PrimaryIp = {
    id: project.newId(),
    name: spec.name,
    type: spec.type,
    ip,
    labels: spec.labels,
    location: spec.location,
    created: project.time(),
    protection: { delete: false },
    auto_delete: spec.autoDelete,
    assignee_id: null,
    dns_ptr: spec.type === "ipv4" ? [{ ip: first, dns_ptr: `static.${first}.clients.example` }] : [],
  };
  project.primaryIps.set(made.id, made);
  return made;
}

function stoppedServer(project: HetznerProject, id: unknown): Server {
  const server = project.servers.get(Number(id));
  if (server === undefined) throw notFound("server", String(id));
  if (server.status !== "off") throw refused("server_not_stopped", "server is not stopped");
  return server;
}

function give(project: HetznerProject, address: PrimaryIp, server: Server): Action {
  if (address.assignee_id !== null)
    throw refused("primary_ip_already_assigned", "primary IP is already assigned");
  const field = address.type;
  if (server[field] !== null) throw refused(`server_has_${field}`, `server has an ${field} already`);
  if (server.location.id !== address.location.id) {
    throw refused("primary_ip_datacenter_mismatch", "server and primary IP are in different locations");
  }
  address.assignee_id = server.id;
  (server as { ipv4: number | null; ipv6: number | null })[field] = address.id;
  return project.begin("assign_primary_ip", [
    { id: address.id, type: "primary_ip" },
    { id: server.id, type: "server" },
  ]);
}

export function createPrimaryIp(
  project: HetznerProject,
  body: Body,
): { address: PrimaryIp; action: Action | undefined } {
  const name = body.text("name");
  const type = body.choice("type", ["ipv4", "ipv6"]);
  const labels = body.has("labels") ? labelsOf(body.raw("labels")) : {};
  const autoDelete = body.flag("auto_delete", false);
  if (body.has("datacenter")) body.blame("datacenter", "datacenter was removed; use location");
  if (body.has("location") === body.has("assignee_id")) {
    body.blame("location", "give either location or assignee_id");
  }
  body.check();
  const server = body.has("assignee_id") ? stoppedServer(project, body.raw("assignee_id")) : undefined;
  const location = server?.location ?? project.location(body.raw("location"));
  if (location === undefined) {
    throw invalidInput([
      { name: "location", messages: [`location '${String(body.raw("location"))}' not found`] },
    ]);
  }
  project.claimName(project.primaryIps, name);
  const address = makePrimaryIp(project, { name, type, labels, location, autoDelete });
  return { address, action: server === undefined ? undefined : give(project, address, server) };
}

export function updatePrimaryIp(project: HetznerProject, address: PrimaryIp, body: Body): void {
  if (project.isBusy({ id: address.id, type: "primary_ip" })) {
    throw new HetznerApiError(409, "conflict", "another action is running");
  }
  const name = body.optionalText("name");
  const autoDelete = body.flag("auto_delete", address.auto_delete);
  if (body.has("labels")) address.labels = labelsOf(body.raw("labels"));
  body.check();
  if (name !== undefined) {
    project.claimName(project.primaryIps, name, address.id);
    address.name = name;
  }
  address.auto_delete = autoDelete;
}

export function protectPrimaryIp(project: HetznerProject, address: PrimaryIp, body: Body): Action {
  const wanted = body.flag("delete", address.protection.delete);
  body.check();
  if (wanted && address.auto_delete) {
    throw invalidInput([{ name: "delete", messages: ["auto_delete must be false"] }]);
  }
  address.protection = { delete: wanted };
  return project.begin("change_protection", [{ id: address.id, type: "primary_ip" }], () => {}, { delay: 0 });
}

export function assignPrimaryIp(project: HetznerProject, address: PrimaryIp, body: Body): Action {
  body.choice("assignee_type", ["server"]);
  body.check();
  return give(project, address, stoppedServer(project, body.raw("assignee_id")));
}

export function unassignPrimaryIp(project: HetznerProject, address: PrimaryIp): Action {
  if (address.assignee_id === null) throw refused("must_be_assigned", "primary IP is not assigned");
  const server = stoppedServer(project, address.assignee_id);
  address.assignee_id = null;
  (server as { ipv4: number | null; ipv6: number | null })[address.type] = null;
  return project.begin("unassign_primary_ip", [
    { id: address.id, type: "primary_ip" },
    { id: server.id, type: "server" },
  ]);
}

/** Throws 423 if it is protected, 422 `must_be_unassigned` while a server has it or had it a moment ago. */
export function deletePrimaryIp(project: HetznerProject, address: PrimaryIp): void {
  if (address.protection.delete) throw protectedError("primary IP");
  if (address.assignee_id !== null || project.isHeld(address.id)) {
    throw refused("must_be_unassigned", "primary IP must be unassigned before it is deleted");
  }
  project.primaryIps.delete(address.id);
}
