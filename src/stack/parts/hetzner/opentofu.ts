import type { Config, HetznerMachine, MachineConfig } from "../../../config/index.ts";
import { attributes, type Block, Expression, type Value } from "../../../hcl/index.ts";
import type { ResourceOutputs } from "../part.ts";
import { importBlock, type OpenTofuPart } from "../opentofu.ts";
import { addressName, families, type Family, openPorts } from "./resources.ts";

function resource(type: string, name: string, values: Readonly<Record<string, Value | undefined>>): Block {
  return { type: "resource", labels: [type, name], attributes: attributes(values) };
}

/**
 * Attributes that OpenTofu sets when it makes the thing, and leaves alone ever after. An import leaves out of the state
 * what the API does not tell; the provider would then bring it about anew.
 */
function ignoring(...names: readonly string[]): Block {
  const ignored = names.map((name) => new Expression(name));
  return { type: "lifecycle", labels: [], attributes: attributes({ ignore_changes: ignored }) };
}

/** The API cannot change a key, and the text of one has a comment, for which the provider would make it anew. */
function loginKey(stack: string): Block {
  return {
    ...resource("hcloud_ssh_key", "stack", { name: stack, public_key: new Expression("var.ssh_public_key") }),
    blocks: [ignoring("public_key")],
  };
}

/**
 * Never told by the API: `user_data`, `ssh_keys`, and `public_net`, for which the provider turns the server off, takes
 * its addresses and deletes them. An image that is gone is not told any longer. Of backups and placement groups
 * podtrust says nothing, which to the provider means that there are none.
 * https://github.com/hetznercloud/terraform-provider-hcloud/blob/v1.68.0/internal/server/resource.go, updatePublicNet
 */
const serverIgnores = ["user_data", "ssh_keys", "public_net", "image", "backups", "placement_group_id"];

function variable(name: string, type: string, description: string): Block {
  return {
    type: "variable",
    labels: [name],
    attributes: attributes({ description, type: new Expression(type) }),
  };
}

function firewall(stack: string, machine: MachineConfig, hetzner: HetznerMachine): Block {
  const rules = openPorts({ machine, caller: { networks: hetzner.sshFrom ?? [], failures: [] } }).map(
    ({ port, sources, description }) => ({
      type: "rule",
      labels: [],
      attributes: attributes({
        direction: "in",
        protocol: "tcp",
        port: String(port),
        // Whoever runs podtrust is known when it runs.
        source_ips: port === 22 && hetzner.sshFrom === undefined ? new Expression("var.ssh_from") : sources,
        description,
      }),
    }),
  );
  return { ...resource("hcloud_firewall", "stack", { name: stack }), blocks: rules };
}

function server(stack: string, { protect }: MachineConfig, hetzner: HetznerMachine): Block {
  const { type, image, location } = hetzner;
  const net = families.map((family): readonly [string, Value | undefined] => [
    family,
    hetzner[family] ? new Expression(`hcloud_primary_ip.${family}.id`) : undefined,
  ]);
  const off = families.map((family): readonly [string, Value | undefined] => [
    `${family}_enabled`,
    hetzner[family] ? undefined : false,
  ]);
  return {
    ...resource("hcloud_server", "stack", {
      name: stack,
      server_type: type,
      image,
      location,
      ssh_keys: [new Expression("hcloud_ssh_key.stack.id")],
      firewall_ids: [new Expression("hcloud_firewall.stack.id")],
      delete_protection: protect,
      rebuild_protection: protect,
    }),
    comment:
      "What Hetzner does not tell, or podtrust does not set, stays as it is: set anew it would cost the server its addresses.",
    blocks: [
      { type: "public_net", labels: [], attributes: attributes(Object.fromEntries([...off, ...net])) },
      ignoring(...serverIgnores),
    ],
  };
}

function blocks({ stack, machine }: Config): readonly Block[] {
  const hetzner = machine?.hetzner;
  if (machine === undefined || hetzner === undefined) return [];
  const ips = families.filter((family) => hetzner[family]);
  return [
    variable("ssh_public_key", "string", "The public key that may log in."),
    ...(hetzner.sshFrom === undefined
      ? [variable("ssh_from", "list(string)", "Who may reach port 22, as CIDRs.")]
      : []),
    { type: "provider", labels: ["hcloud"], attributes: [], comment: "The token: export HCLOUD_TOKEN=…" },
    loginKey(stack),
    firewall(stack, machine, hetzner),
    ...ips.map((family) =>
      resource("hcloud_primary_ip", family, {
        name: addressName(stack, family),
        type: family,
        location: hetzner.location,
        auto_delete: false,
        delete_protection: machine.protect,
      }),
    ),
    server(stack, machine, hetzner),
  ];
}

function imports({ stack, machine }: Config, found: ResourceOutputs): readonly Block[] {
  if (machine?.hetzner === undefined) return [];
  const places: readonly (readonly [to: string, id: string])[] = [
    ["hcloud_ssh_key.stack", `hetzner/ssh-key/${stack}`],
    ["hcloud_firewall.stack", `hetzner/firewall/${stack}`],
    ...families.map(
      (family) =>
        [`hcloud_primary_ip.${family}`, `hetzner/primary-ip/${addressName(stack, family)}`] as const,
    ),
    ["hcloud_server.stack", `hetzner/server/${stack}`],
  ];
  return places.flatMap(([to, resourceId]) => {
    const id = found.get(resourceId)?.["id"];
    return id === undefined ? [] : [importBlock(to, id)];
  });
}

function outputs({ machine }: Config): readonly Block[] {
  const hetzner = machine?.hetzner;
  if (hetzner === undefined) return [];
  const values: Readonly<Record<Family, readonly [string, string]>> = {
    ipv4: ["public_ip", "hcloud_primary_ip.ipv4.ip_address"],
    // The address of the network itself is nobody's: the machine has its first host's.
    ipv6: ["public_ipv6", "cidrhost(hcloud_primary_ip.ipv6.ip_network, 1)"],
  };
  return families
    .filter((family) => hetzner[family])
    .map((family) => ({
      type: "output",
      labels: [values[family][0]],
      attributes: attributes({ value: new Expression(values[family][1]) }),
    }));
}

/** A rented machine in OpenTofu, by Hetzner's provider. */
export const hetznerOpenTofu: OpenTofuPart = {
  requires: ({ machine }) =>
    machine?.hetzner === undefined
      ? []
      : [{ name: "hcloud", source: "hetznercloud/hcloud", version: "~> 1.68" }],
  blocks,
  imports,
  outputs,
};
