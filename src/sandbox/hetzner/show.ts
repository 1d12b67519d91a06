import type { HetznerProject } from "./project.ts";
import { serversOf } from "./firewalls.ts";
import { selectorTest } from "./labels.ts";
import type { Firewall, PrimaryIp, Server } from "./types.ts";

/** A firewall as the API shows it. */
export function showFirewall(project: HetznerProject, firewall: Firewall): object {
  const { id, name, labels, created, rules, selectors } = firewall;
  const on = serversOf(project, firewall);
  const bySelector = (selector: string): readonly Server[] =>
    on.filter((server) => selectorTest(selector)(server.labels));
  const selected = new Set([...selectors].flatMap(bySelector));
  const asTarget = (server: Server): object => ({ type: "server", server: { id: server.id } });
  return {
    id,
    name,
    labels,
    created,
    rules,
    applied_to: [
      ...on.filter((server) => !selected.has(server)).map(asTarget),
      ...[...selectors].map((selector) => ({
        type: "label_selector",
        label_selector: { selector },
        applied_to_resources: bySelector(selector).map(asTarget),
      })),
    ],
  };
}

/** A primary IP as the API shows it. */
export function showPrimaryIp(project: HetznerProject, address: PrimaryIp): object {
  return {
    ...address,
    blocked: false,
    assignee_type: address.assignee_id === null ? project.variants.freeAssigneeType : "server",
  };
}

function publicNet(project: HetznerProject, { ipv4, ipv6, firewalls }: Server): object {
  const four = ipv4 === null ? undefined : project.primaryIps.get(ipv4);
  const six = ipv6 === null ? undefined : project.primaryIps.get(ipv6);
  return {
    ipv4:
      four === undefined
        ? null
        : { id: four.id, ip: four.ip, blocked: false, dns_ptr: four.dns_ptr[0]?.dns_ptr ?? "" },
    ipv6: six === undefined ? null : { id: six.id, ip: six.ip, blocked: false, dns_ptr: six.dns_ptr },
    floating_ips: [],
    firewalls: firewalls.map(({ id, status }) => ({ id, status })),
  };
}

/** A server as the API shows it: with full type, image and location, and never its user data. */
export function showServer(project: HetznerProject, server: Server): object {
  const { id, name, labels, created, status, serverType, image, location, protection, locked } = server;
  return {
    id,
    name,
    status,
    created,
    public_net: publicNet(project, server),
    private_net: [],
    server_type: serverType,
    location,
    image,
    iso: null,
    rescue_enabled: false,
    locked,
    backup_window: null,
    outgoing_traffic: 0,
    ingoing_traffic: 0,
    included_traffic: 21_990_232_555_520,
    protection,
    labels,
    volumes: [],
    load_balancers: [],
    primary_disk_size: serverType.disk,
    placement_group: null,
  };
}
