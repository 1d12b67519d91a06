import { HetznerApiError, invalidInput, refused } from "./api-error.ts";
import { type Body, recordOf } from "./body.ts";
import { canonicalCidr } from "./cidr.ts";
import { labelsOf, selectorTest } from "./labels.ts";
import { byLabels, type ListForm } from "./listing.ts";
import type { HetznerProject } from "./project.ts";
import type { Action, Firewall, FirewallRule, Server } from "./types.ts";

export const firewallList: ListForm<Firewall> = {
  key: "firewalls",
  sortable: ["id", "name", "created"],
  filters: { name: ({ name }, value) => name === value, label_selector: byLabels },
};

const maxRules = 50;
const maxNetworks = 100;
const maxPerServer = 5;

function networks(value: unknown, faults: string[]): readonly string[] {
  const list = Array.isArray(value) ? (value as readonly unknown[]) : [];
  if (list.length > maxNetworks) faults.push(`more than ${maxNetworks} networks`);
  return list.flatMap((text) => {
    const network = typeof text === "string" ? canonicalCidr(text) : undefined;
    if (network === undefined)
      faults.push(`'${String(text)}' is not a network in CIDR notation without host bits`);
    return network === undefined ? [] : [network];
  });
}

/** Whether a text is a port, a range such as `80-90`, or `any` for all of them. */
function isPorts(text: unknown): boolean {
  if (text === "any") return true;
  if (typeof text !== "string" || !/^\d{1,5}(?:-\d{1,5})?$/u.test(text)) return false;
  const [from = 0, to = from] = text.split("-").map(Number);
  return from >= 1 && to <= 65_535 && from <= to;
}

function portOf(protocol: unknown, port: unknown, faults: string[]): string | null {
  const takesPort = protocol === "tcp" || protocol === "udp";
  const isGiven = port !== undefined && port !== null;
  if (!takesPort && isGiven) faults.push("port is for tcp and udp only");
  if (takesPort && !isPorts(port)) faults.push("port is missing or invalid");
  return takesPort ? String(port) : null;
}

function ruleOf(value: unknown, index: number): { rule: FirewallRule; faults: readonly string[] } {
  const fields = recordOf(value) ?? {};
  const { direction, protocol, port, description } = fields;
  const faults: string[] = [];
  if (direction !== "in" && direction !== "out") faults.push("direction is in or out");
  if (!["tcp", "udp", "icmp", "esp", "gre"].includes(String(protocol))) faults.push("protocol is unknown");
  const text = typeof description === "string" ? description : null;
  if (text !== null && text.length > 255) faults.push("description is longer than 255 characters");
  const rule: FirewallRule = {
    direction: direction === "out" ? "out" : "in",
    protocol: String(protocol),
    port: portOf(protocol, port, faults),
    source_ips: networks(fields["source_ips"], faults),
    destination_ips: networks(fields["destination_ips"], faults),
    description: text,
  };
  const needed = rule.direction === "in" ? rule.source_ips : rule.destination_ips;
  if (needed.length === 0)
    faults.push(rule.direction === "in" ? "source_ips is empty" : "destination_ips is empty");
  return { rule, faults: faults.map((fault) => `rule ${index}: ${fault}`) };
}

function rulesOf(body: Body): readonly FirewallRule[] {
  const read = body.list("rules").map(ruleOf);
  const messages = read.flatMap(({ faults }) => faults);
  if (read.length > maxRules) messages.push(`more than ${maxRules} rules`);
  if (messages.length > 0) throw invalidInput([{ name: "rules", messages }]);
  // The API lists them in this order, in whatever order they were sent (Hetzner's CLI tests for it).
  const isInbound = ({ rule }: { readonly rule: FirewallRule }): boolean => rule.direction === "in";
  const [inbound, outbound] = [read.filter(isInbound), read.filter((one) => !isInbound(one))];
  return [...inbound, ...outbound].map(({ rule }) => rule);
}

const isOn = (server: Server, { id }: Firewall): boolean => server.firewalls.some((one) => one.id === id);

/** The servers that a firewall is on, directly and by a label selector. */
export function serversOf(project: HetznerProject, firewall: Firewall): readonly Server[] {
  return [...project.servers.values()].filter((server) => isOn(server, firewall));
}

interface Targets {
  readonly servers: readonly Server[];
  readonly selectors: readonly string[];
}

/** A server or a selector that a body names; undefined if it names neither. */
function targetOf(project: HetznerProject, value: unknown): Server | string | undefined {
  const target = recordOf(value);
  if (target?.["type"] === "label_selector") {
    const selector = recordOf(target["label_selector"])?.["selector"];
    if (typeof selector !== "string") return undefined;
    selectorTest(selector);
    return selector;
  }
  if (target?.["type"] !== "server") return undefined;
  const server = project.servers.get(Number(recordOf(target["server"])?.["id"]));
  if (server !== undefined) return server;
  throw new HetznerApiError(404, "firewall_resource_not_found", "firewall resource not found");
}

function targetsOf(project: HetznerProject, body: Body, field: string): Targets {
  const found = body.list(field).map((value) => targetOf(project, value));
  if (found.includes(undefined)) body.blame(field, "type is server or label_selector");
  body.check();
  return {
    servers: found.filter((target) => typeof target === "object"),
    selectors: found.filter((target) => typeof target === "string"),
  };
}

/** Applies a firewall to a server: it is `pending` until the network knows it. */
function putOn(project: HetznerProject, firewall: Firewall, server: Server): Action {
  if (server.firewalls.length >= maxPerServer)
    throw refused("invalid_input", "a server has five firewalls at the most");
  const applied = { id: firewall.id, status: "pending" as "pending" | "applied" };
  server.firewalls.push(applied);
  project.later(project.delays.firewall, () => (applied.status = "applied"));
  return project.begin("apply_firewall", [
    { id: firewall.id, type: "firewall" },
    { id: server.id, type: "server" },
  ]);
}

function applyTo(
  project: HetznerProject,
  firewall: Firewall,
  { servers, selectors }: Targets,
): readonly Action[] {
  for (const selector of selectors) firewall.selectors.add(selector);
  const matching = [...project.servers.values()].filter(({ labels }) =>
    selectors.some((selector) => selectorTest(selector)(labels)),
  );
  return [...new Set([...servers, ...matching])]
    .filter((server) => !isOn(server, firewall))
    .map((server) => putOn(project, firewall, server));
}

export function createFirewall(
  project: HetznerProject,
  body: Body,
): { firewall: Firewall; actions: readonly Action[] } {
  const name = body.text("name", /^.{1,128}$/u);
  const labels = body.has("labels") ? labelsOf(body.raw("labels")) : {};
  body.check();
  const rules = rulesOf(body);
  project.claimName(project.firewalls, name);
  const targets = targetsOf(project, body, "apply_to");
  const firewall: Firewall = {
    id: project.newId(),
    name,
    labels,
    created: project.time(),
    rules,
    selectors: new Set(),
  };
  project.firewalls.set(firewall.id, firewall);
  const set = project.begin("set_firewall_rules", [{ id: firewall.id, type: "firewall" }]);
  return { firewall, actions: [set, ...applyTo(project, firewall, targets)] };
}

export function setRules(project: HetznerProject, firewall: Firewall, body: Body): readonly Action[] {
  if (!body.has("rules")) body.blame("rules", "Missing data for required field.");
  body.check();
  firewall.rules = rulesOf(body);
  const reference = { id: firewall.id, type: "firewall" } as const;
  return [
    project.begin("set_firewall_rules", [reference]),
    ...serversOf(project, firewall).map(({ id }) =>
      project.begin("apply_firewall", [reference, { id, type: "server" }]),
    ),
  ];
}

export function applyFirewall(project: HetznerProject, firewall: Firewall, body: Body): readonly Action[] {
  const targets = targetsOf(project, body, "apply_to");
  if (targets.servers.some((server) => isOn(server, firewall))) {
    throw refused("firewall_already_applied", "firewall is already applied");
  }
  return applyTo(project, firewall, targets);
}

export function removeFirewall(project: HetznerProject, firewall: Firewall, body: Body): readonly Action[] {
  const { servers, selectors } = targetsOf(project, body, "remove_from");
  for (const selector of selectors) firewall.selectors.delete(selector);
  const bySelector = ({ labels }: Server): boolean =>
    [...firewall.selectors].some((selector) => selectorTest(selector)(labels));
  if (servers.some(bySelector)) {
    throw refused("firewall_managed_by_label_selector", "firewall is managed by a label selector");
  }
  // Removing it from where it is not is no error since August 2025.
  return servers
    .filter((server) => isOn(server, firewall))
    .map((server) => {
      const at = server.firewalls.findIndex(({ id }) => id === firewall.id);
      server.firewalls.splice(at, 1);
      return project.begin("remove_firewall", [
        { id: firewall.id, type: "firewall" },
        { id: server.id, type: "server" },
      ]);
    });
}

/** Throws 422 `resource_in_use` while a server has it, or had it a moment ago. */
export function deleteFirewall(project: HetznerProject, firewall: Firewall): void {
  if (serversOf(project, firewall).length > 0 || project.isHeld(firewall.id)) {
    throw refused("resource_in_use", `firewall with ID '${firewall.id}' is still in use`);
  }
  project.firewalls.delete(firewall.id);
}
