import type { Config, HetznerMachine, MachineConfig } from "../../../config/index.ts";
import { attributes, type Block, HclExpression, type HclValue } from "../../export/hcl/index.ts";
import { families, type Family, firewallLabels } from "../../../providers/hetzner/index.ts";
import { cloudLabels, type StackOwner } from "../../../rules/plan/index.ts";
import type { ResourceOutputs } from "../part.ts";
import { ignoredChanges, importBlock, type OpenTofuPart } from "../opentofu.ts";
import { addressName, issuerOf, openPorts } from "./resources.ts";

type Values = Readonly<Record<string, HclValue | undefined>>;

/** What is known of one resource of a stack's machine; undefined if it does not exist, or was not asked for. */
function foundOf(
  found: ResourceOutputs,
  kind: string,
  name: string,
): Readonly<Record<string, string>> | undefined {
  return found.get(`hetzner/${kind}/${name}`);
}

/**
 * A resource whose attributes `ignored` OpenTofu sets at creation and never changes afterwards. An import leaves
 * attributes that the API does not return out of the state, and the provider would then apply them again. Labels are
 * always among them: podtrust keeps facts there beside the stack's marks (host key, issuer), which have to stay.
 */
function resource(
  type: string,
  name: string,
  { ignored = [], ...values }: Values & { readonly ignored?: readonly string[] },
): Block {
  const lifecycle = ignoredChanges(["labels", ...ignored]);
  return { type: "resource", labels: [type, name], attributes: attributes(values), blocks: [lifecycle] };
}

/** A resource with more blocks, which come before its lifecycle block. */
function withBlocks(block: Block, more: readonly Block[]): Block {
  return { ...block, blocks: [...more, ...(block.blocks ?? [])] };
}

function variable(name: string, type: string, description: string, known?: HclValue): Block {
  return {
    type: "variable",
    labels: [name],
    attributes: attributes({ description, type: new HclExpression(type), default: known }),
  };
}

/**
 * The key of the first login, and the source of its text. The text has a comment, whose change would make the provider
 * replace the key: it is ignored. Nothing if the machine was made with another owner's key in the project.
 */
function loginKey(config: StackOwner, found: ResourceOutputs): readonly Block[] {
  const { stack } = config;
  const known = foundOf(found, "ssh-key", stack);
  if (known === undefined && foundOf(found, "server", stack) !== undefined) return [];
  const key = resource("hcloud_ssh_key", "stack", {
    name: stack,
    public_key: new HclExpression("var.ssh_public_key"),
    labels: cloudLabels.of(config),
    ignored: ["public_key"],
  });
  const description = "The public key that may log in.";
  return [variable("ssh_public_key", "string", description, known?.["publicKey"]), key];
}

/** The caller's address is known at run time; for an existing firewall, its current rules are. */
function sshSources(
  { stack }: Config,
  { sshFrom }: HetznerMachine,
  found: ResourceOutputs,
): readonly Block[] {
  if (sshFrom !== undefined) return [];
  const known = foundOf(found, "firewall", stack)?.["sshFrom"]?.split(",");
  return [variable("ssh_from", "list(string)", "Who may reach port 22, as CIDRs.", known)];
}

function firewall(config: Config, machine: MachineConfig, { sshFrom }: HetznerMachine): Block {
  const { stack, identity } = config;
  const rules = openPorts({ machine, caller: { networks: sshFrom ?? [], failures: [] } }).map(
    ({ port, sources, description }) => ({
      type: "rule",
      labels: [],
      attributes: attributes({
        direction: "in",
        protocol: "tcp",
        port: String(port),
        source_ips: port === 22 && sshFrom === undefined ? new HclExpression("var.ssh_from") : sources,
        description,
      }),
    }),
  );
  const labels = firewallLabels({ stack, identity, ...issuerOf(config) });
  return withBlocks(resource("hcloud_firewall", "stack", { name: stack, labels }), rules);
}

function address(
  config: StackOwner,
  family: Family,
  { protect }: MachineConfig,
  { location }: HetznerMachine,
): Block {
  return resource("hcloud_primary_ip", family, {
    name: addressName(config.stack, family),
    type: family,
    location,
    auto_delete: false,
    delete_protection: protect,
    labels: cloudLabels.of(config),
  });
}

/**
 * Never returned by the API: `user_data`, `ssh_keys`, and `public_net`, for which the provider turns the server off,
 * takes its addresses and deletes them. A deleted image is no longer returned. podtrust sets no backups and placement
 * groups, which to the provider means none.
 * https://github.com/hetznercloud/terraform-provider-hcloud/blob/v1.68.0/internal/server/resource.go, updatePublicNet
 */
const serverIgnores = ["user_data", "ssh_keys", "public_net", "image", "backups", "placement_group_id"];

function server(
  config: StackOwner,
  { protect }: MachineConfig,
  hetzner: HetznerMachine,
  hasKey: boolean,
): Block {
  const { type, image, location } = hetzner;
  const net = families.map((family): readonly [string, HclValue] =>
    hetzner[family]
      ? [family, new HclExpression(`hcloud_primary_ip.${family}.id`)]
      : [`${family}_enabled`, false],
  );
  const block = resource("hcloud_server", "stack", {
    name: config.stack,
    server_type: type,
    image,
    location,
    ssh_keys: hasKey ? [new HclExpression("hcloud_ssh_key.stack.id")] : undefined,
    firewall_ids: [new HclExpression("hcloud_firewall.stack.id")],
    delete_protection: protect,
    rebuild_protection: protect,
    labels: cloudLabels.of(config),
    ignored: serverIgnores,
  });
  return {
    ...withBlocks(block, [
      { type: "public_net", labels: [], attributes: attributes(Object.fromEntries(net)) },
    ]),
    comment:
      "What Hetzner does not return, or podtrust does not set, stays as it is: set anew it would cost the server its addresses.",
  };
}

function blocks(config: Config, found: ResourceOutputs): readonly Block[] {
  const { stack, machine } = config;
  const hetzner = machine?.hetzner;
  if (machine === undefined || hetzner === undefined) return [];
  const key = loginKey(config, found);
  // Of several types and locations those that a machine got.
  const { type = hetzner.type, location = hetzner.location } = foundOf(found, "server", stack) ?? {};
  const bought = { ...hetzner, type, location };
  return [
    ...sshSources(config, hetzner, found),
    { type: "provider", labels: ["hcloud"], attributes: [], comment: "The token: export HCLOUD_TOKEN=…" },
    ...key,
    firewall(config, machine, hetzner),
    ...families.filter((family) => hetzner[family]).map((family) => address(config, family, machine, bought)),
    server(config, machine, bought, key.length > 0),
  ];
}

function imports({ stack, machine }: Config, found: ResourceOutputs): readonly Block[] {
  if (machine?.hetzner === undefined) return [];
  const places: readonly (readonly [to: string, kind: string, name: string])[] = [
    ["hcloud_ssh_key.stack", "ssh-key", stack],
    ["hcloud_firewall.stack", "firewall", stack],
    ...families.map(
      (family) => [`hcloud_primary_ip.${family}`, "primary-ip", addressName(stack, family)] as const,
    ),
    ["hcloud_server.stack", "server", stack],
  ];
  return places.flatMap(([to, kind, name]) => {
    const id = foundOf(found, kind, name)?.["id"];
    return id === undefined ? [] : [importBlock(to, id)];
  });
}

function outputs({ machine }: Config): readonly Block[] {
  const hetzner = machine?.hetzner;
  if (hetzner === undefined) return [];
  const values: Readonly<Record<Family, readonly [string, string]>> = {
    ipv4: ["public_ip", "hcloud_primary_ip.ipv4.ip_address"],
    // The network address itself is not assigned: the machine has the first host's.
    ipv6: ["public_ipv6", "cidrhost(hcloud_primary_ip.ipv6.ip_network, 1)"],
  };
  return families
    .filter((family) => hetzner[family])
    .map((family) => ({
      type: "output",
      labels: [values[family][0]],
      attributes: attributes({ value: new HclExpression(values[family][1]) }),
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
