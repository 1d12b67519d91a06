import { randomBytes } from "node:crypto";
import { HetznerApiError, invalidInput, protectedError, refused } from "./api-error.ts";
import { type Body, recordOf } from "./body.ts";
import { images, locations } from "./catalogue.ts";
import { labelsOf, selectorTest } from "./labels.ts";
import { byLabels, type ListForm } from "./listing.ts";
import type { MachineOrder } from "./machines.ts";
import { makePrimaryIp } from "./primary-ips.ts";
import { findByIdOrName, type HetznerProject } from "./project.ts";
import type { Action, Firewall, Image, Location, PrimaryIp, Server, ServerType, SshKey } from "./types.ts";

export const serverList: ListForm<Server> = {
  key: "servers",
  sortable: ["id", "name", "created"],
  filters: {
    name: ({ name }, value) => name === value,
    status: ({ status }, value) => status === value,
    label_selector: byLabels,
  },
};

/** The most bytes of user data that the API accepts. */
const maxUserData = 32 * 1024;
// RFC 1123 §2.1, as a host's name.
const hostName =
  /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/u;

interface Order {
  readonly name: string;
  readonly type: ServerType;
  readonly image: Image;
  readonly location: Location;
  readonly labels: Server["labels"];
  readonly sshKeys: readonly SshKey[];
  readonly firewalls: readonly Firewall[];
  readonly userData: string;
  readonly start: boolean;
  readonly addresses: { readonly ipv4: Address; readonly ipv6: Address };
}

/** An existing address, a new one, or none. */
type Address = PrimaryIp | "new" | "none";

function field(name: string, message: string): HetznerApiError {
  return invalidInput([{ name, messages: [message] }]);
}

/** The image of the type's architecture that a number or a name refers to. */
function imageFor(wanted: unknown, type: ServerType): Image {
  const image = findByIdOrName(
    images.filter(
      ({ architecture, id }) => architecture === type.architecture || String(id) === String(wanted),
    ),
    wanted,
  );
  if (image === undefined) throw field("image", `image '${String(wanted)}' not found`);
  if (image.architecture !== type.architecture) {
    throw field("image", `image is for ${image.architecture}, server type is ${type.architecture}`);
  }
  return image;
}

function addressFor(project: HetznerProject, body: Body, kind: "ipv4" | "ipv6", where: Location): Address {
  const net = recordOf(body.raw("public_net")) ?? {};
  if (net[`enable_${kind}`] === false) return "none";
  const id = net[kind];
  if (id === undefined || id === null) return "new";
  const address = project.primaryIps.get(Number(id));
  if (address === undefined) throw field(`public_net.${kind}`, `primary IP ${JSON.stringify(id)} not found`);
  if (address.type !== kind) {
    throw new HetznerApiError(412, "primary_ip_version_mismatch", `primary IP ${address.id} is no ${kind}`);
  }
  if (address.assignee_id !== null || project.isHeld(address.id)) {
    throw refused("primary_ip_assigned", `primary IP ${address.id} is assigned`);
  }
  if (address.location.id !== where.id) {
    throw refused("primary_ip_datacenter_mismatch", "server and primary IP are in different locations");
  }
  return address;
}

/** The location of a server: as requested, else that of its addresses, else where the type is available. */
function placeOf(project: HetznerProject, body: Body, type: ServerType): Location {
  const net = recordOf(body.raw("public_net")) ?? {};
  const given = [net["ipv4"], net["ipv6"]].map((id) => project.primaryIps.get(Number(id))?.location);
  const first = type.locations.find(({ available }) => available)?.id;
  const location = body.has("location")
    ? project.location(body.raw("location"))
    : (given.find((one) => one !== undefined) ?? locations.find(({ id }) => id === first));
  if (location === undefined) throw field("location", `location '${String(body.raw("location"))}' not found`);
  const offer = type.locations.find(({ id }) => id === location.id);
  if (offer === undefined || offer.deprecation !== null) {
    throw field("server_type", `server type ${type.name} is not offered in ${location.name}`);
  }
  if (project.isSoldOut(type.name, location.name)) {
    throw new HetznerApiError(
      412,
      "resource_unavailable",
      `server type ${type.name} is not available in ${location.name}`,
    );
  }
  return location;
}

/** Resources by id or name, all of which must exist. */
function referenced<T extends { id: number; name: string }>(
  table: ReadonlyMap<number, T>,
  values: readonly unknown[],
  name: string,
): readonly T[] {
  return values.map((value) => {
    const found = findByIdOrName(table.values(), value);
    if (found === undefined) throw field(name, `'${String(value)}' not found`);
    return found;
  });
}

function orderOf(project: HetznerProject, body: Body): Order {
  const name = body.text("name", hostName);
  for (const needed of ["server_type", "image"]) {
    if (!body.has(needed)) body.blame(needed, "Missing data for required field.");
  }
  if (body.has("datacenter")) body.blame("datacenter", "datacenter was removed; use location");
  const userData = body.optionalText("user_data") ?? "";
  if (Buffer.byteLength(userData) > maxUserData) body.blame("user_data", "user data is larger than 32 KiB");
  const labels = body.has("labels") ? labelsOf(body.raw("labels")) : {};
  const start = body.flag("start_after_create", true);
  body.check();
  const type = findByIdOrName(project.types(), body.raw("server_type"));
  if (type === undefined)
    throw field("server_type", `server type '${String(body.raw("server_type"))}' not found`);
  const location = placeOf(project, body, type);
  const image = imageFor(body.raw("image"), type);
  const sshKeys = referenced(project.sshKeys, body.list("ssh_keys"), "ssh_keys");
  const firewallIds = body.list("firewalls").map((one) => recordOf(one)?.["firewall"]);
  const firewalls = referenced(project.firewalls, firewallIds, "firewalls");
  const addresses = {
    ipv4: addressFor(project, body, "ipv4", location),
    ipv6: addressFor(project, body, "ipv6", location),
  };
  if (start && addresses.ipv4 === "none" && addresses.ipv6 === "none") {
    throw field("public_net", "a server without a public address is created with start_after_create false");
  }
  project.claimName(project.servers, name);
  return { name, type, image, location, labels, sshKeys, firewalls, userData, start, addresses };
}

function settledAddress(
  project: HetznerProject,
  order: Order,
  kind: "ipv4" | "ipv6",
  server: number,
): number | null {
  const wanted = order.addresses[kind];
  if (wanted === "none") return null;
  const address =
    wanted === "new"
      ? makePrimaryIp(project, {
          name: `primary_ip-${server}-${kind}`,
          type: kind,
          location: order.location,
          labels: {},
          autoDelete: true,
        })
      : wanted;
  address.assignee_id = server;
  return address.id;
}

/**
 * Firewalls of the order and those whose selector matches its labels; active from the first packet, `pending` for a
 * while.
 */
function firewallsOf(project: HetznerProject, order: Order): Server["firewalls"] {
  const selected = [...project.firewalls.values()].filter(({ selectors }) =>
    [...selectors].some((selector) => selectorTest(selector)(order.labels)),
  );
  const all = [...new Set([...order.firewalls, ...selected])];
  if (all.length > 5) throw field("firewalls", "a server has five firewalls at the most");
  return all.map(({ id }) => ({ id, status: "pending" }));
}

function addressOf(project: HetznerProject, id: number | null): string | undefined {
  return id === null ? undefined : project.primaryIps.get(id)?.ip;
}

/** The order of a server. */
function machineOrder(project: HetznerProject, server: Server): MachineOrder {
  return {
    id: server.id,
    name: server.name,
    architecture: server.serverType.architecture,
    image: server.image.name,
    location: server.location.name,
    userData: server.userData,
    sshKeys: server.sshKeys.map(({ public_key: key }) => key),
    ipv4: addressOf(project, server.ipv4),
    ipv6: addressOf(project, server.ipv6),
  };
}

export interface CreatedServer {
  readonly server: Server;
  readonly action: Action;
  readonly nextActions: readonly Action[];
  readonly rootPassword: string | null;
}

/** Creates a server. One action creates it and the next starts it; clients wait for both. */
export function createServer(project: HetznerProject, body: Body): CreatedServer {
  const order = orderOf(project, body);
  const firewalls = firewallsOf(project, order);
  const id = project.newId();
  const server: Server = {
    id,
    name: order.name,
    labels: order.labels,
    created: project.time(),
    status: "initializing",
    serverType: order.type,
    image: order.image,
    location: order.location,
    ipv4: settledAddress(project, order, "ipv4", id),
    ipv6: settledAddress(project, order, "ipv6", id),
    firewalls,
    protection: { delete: false, rebuild: false },
    locked: false,
    userData: order.userData,
    sshKeys: order.sshKeys,
    machine: undefined,
  };
  server.machine = project.machines?.(machineOrder(project, server));
  project.servers.set(id, server);
  // Those of the order: firewalls applied later have their own time.
  const ordered = [...firewalls];
  project.later(project.delays.firewall, () => {
    for (const applied of ordered) applied.status = "applied";
  });
  const reference = { id, type: "server" } as const;
  const action = project.begin("create_server", [reference], () => {
    if (server.status === "initializing") server.status = order.start ? "starting" : "off";
  });
  const started = (): void => {
    if (server.status === "starting") server.status = "running";
  };
  return {
    server,
    action,
    nextActions: order.start
      ? [
          project.begin("start_server", [reference], started, {
            delay: project.delays.action * 2,
            work: server.machine?.powerOn(),
          }),
        ]
      : [],
    rootPassword: order.sshKeys.length === 0 ? randomBytes(12).toString("base64url") : null,
  };
}

/** Releases what a server had: at once in answers, and after a while for deletion. */
function release(project: HetznerProject, server: Server): void {
  const until = project.now() + project.delays.release;
  for (const { id } of server.firewalls) project.held.set(id, until);
  for (const id of [server.ipv4, server.ipv6]) {
    const address = id === null ? undefined : project.primaryIps.get(id);
    if (address === undefined) continue;
    address.assignee_id = null;
    if (address.auto_delete) project.primaryIps.delete(address.id);
    else project.held.set(address.id, until);
  }
}

/** Deletes a server; what it had is released while the action runs. Throws 423 if it is protected or locked. */
export function deleteServer(project: HetznerProject, server: Server): Action {
  if (server.protection.delete) throw protectedError("server");
  if (server.locked) throw new HetznerApiError(423, "locked", "server is locked");
  server.status = "deleting";
  const deleted = (): void => {
    project.servers.delete(server.id);
    release(project, server);
  };
  const reference = { id: server.id, type: "server" } as const;
  return project.begin("delete_server", [reference], deleted, { work: server.machine?.remove() });
}

export function updateServer(project: HetznerProject, server: Server, body: Body): void {
  const name = body.optionalText("name", hostName);
  const labels = body.has("labels") ? labelsOf(body.raw("labels")) : undefined;
  body.check();
  if (name !== undefined) {
    project.claimName(project.servers, name, server.id);
    server.name = name;
  }
  if (labels !== undefined) server.labels = labels;
}

type Perform = (project: HetznerProject, server: Server, body: Body) => Action;

/** An action that changes a server's status; `call` is the call of its machine. */
function power(
  command: string,
  call: "powerOn" | "powerOff" | "reboot" | "reset",
  to: Server["status"],
  meanwhile?: Server["status"],
): Perform {
  return (project, server) => {
    if (server.locked) throw new HetznerApiError(423, "locked", "server is locked");
    if (meanwhile !== undefined) server.status = meanwhile;
    const done = (): void => {
      server.status = to;
    };
    const reference = { id: server.id, type: "server" } as const;
    return project.begin(command, [reference], done, { work: server.machine?.[call]() });
  };
}

/** Success of `shutdown` means that the event was sent; the machine goes off some time later. */
function shutdown(project: HetznerProject, server: Server): Action {
  const { machine } = server;
  const sent = (): void => {
    // A machine goes off when its system has shut down.
    if (machine !== undefined) return;
    project.later(project.delays.action, () => {
      if (server.status === "running") server.status = "off";
    });
  };
  const reference = { id: server.id, type: "server" } as const;
  return project.begin("shutdown_server", [reference], sent, { work: machine?.shutdown() });
}

function changeProtection(project: HetznerProject, server: Server, body: Body): Action {
  const wanted = {
    delete: body.flag("delete", server.protection.delete),
    rebuild: body.flag("rebuild", server.protection.rebuild),
  };
  if (wanted.delete !== wanted.rebuild) body.blame("rebuild", "delete and rebuild are protected together");
  body.check();
  server.protection = wanted;
  return project.begin("change_protection", [{ id: server.id, type: "server" }], () => {}, { delay: 0 });
}

function rebuild(project: HetznerProject, server: Server, body: Body): Action {
  if (server.protection.rebuild) throw protectedError("server", "rebuild");
  if (!body.has("image")) body.blame("image", "Missing data for required field.");
  const userData = body.optionalText("user_data");
  body.check();
  const image = imageFor(body.raw("image"), server.serverType);
  server.status = "rebuilding";
  server.image = image;
  if (userData !== undefined) server.userData = userData;
  const anew = async (): Promise<void> => {
    await server.machine?.remove();
    server.machine = project.machines?.(machineOrder(project, server));
    await server.machine?.powerOn();
  };
  const done = (): void => {
    server.status = "running";
  };
  const reference = { id: server.id, type: "server" } as const;
  return project.begin("rebuild_server", [reference], done, { work: project.machines && anew() });
}

/** The actions on a server, by the last part of the path. */
export const serverActions: Readonly<Record<string, Perform>> = {
  poweron: power("start_server", "powerOn", "running", "starting"),
  poweroff: power("stop_server", "powerOff", "off", "stopping"),
  reboot: power("reboot_server", "reboot", "running"),
  reset: power("reset_server", "reset", "running"),
  shutdown,
  rebuild,
  change_protection: changeProtection,
};
