import type { Config, HetznerMachine, MachineConfig } from "../../../config/index.ts";
import { defined, mapped } from "../../../core/base/index.ts";
import {
  type CallerAddress,
  families,
  type Family,
  type FirstBoot,
  firewallResource,
  type FirewallSpec,
  type HetznerApi,
  idOf,
  type LoginKeys,
  type OpenPort,
  type OwnedThings,
  ownOf,
  primaryIpResource,
  type ServerSpec,
  serverResource,
  type SshKey,
  sshKeyResource,
  stands,
  type Thing,
} from "../../../providers/hetzner/index.ts";
import { cloudInit, newSshKeyPair } from "../../../providers/host/index.ts";
import type { ResourceOutput, Resource } from "../../../rules/plan/index.ts";

export interface HetznerResourcesInput {
  readonly config: Config;
  readonly machine: MachineConfig;
  readonly hetzner: HetznerMachine;
  readonly api: HetznerApi;
  readonly keys: LoginKeys;
  /** A key of the same kind that another owner has in the project: the API takes each only once. */
  readonly foreignKey?: SshKey;
  /** The networks that SSH is open to. */
  readonly caller: CallerAddress;
  readonly owned: OwnedThings;
}

/** The desired state, and the stack's own resources today. */
export interface PlannedThing {
  readonly resource: Resource;
  readonly own: Thing | undefined;
}

const everywhere = ["0.0.0.0/0", "::/0"];

/** The names of a stack's resources at Hetzner. */
export const addressName = (stack: string, family: Family): string => `${stack}-${family}`;

/** Open ports. HTTP for challenges, HTTPS for the two documents, SSH for setting up the machine. */
export function openPorts({
  machine,
  caller,
}: Pick<HetznerResourcesInput, "machine" | "caller">): readonly OpenPort[] {
  const { networks, failures } = caller;
  const ports = [
    {
      port: 22,
      sources: networks,
      isPartial: failures.length > 0,
      description: "SSH for whoever runs podtrust",
    },
    { port: 80, sources: everywhere, description: "HTTP for ACME challenges" },
    { port: 443, sources: everywhere, description: "HTTPS for discovery document and JWK Set" },
  ];
  if (machine.apiFrom.length === 0) return ports;
  return [...ports, { port: 6443, sources: machine.apiFrom, description: "Kubernetes API" }];
}

function output(kind: Parameters<typeof idOf>[0]["kind"], thing: string, name: string): ResourceOutput {
  return { after: idOf({ kind }, thing), name };
}

/** The public addresses of a stack's machine, by family; missing ones are absent. */
export function machineAddresses(
  stack: string,
  hetzner: Pick<HetznerMachine, Family>,
): Readonly<Partial<Record<Family, ResourceOutput>>> {
  const had = families.filter((family) => hetzner[family]);
  return Object.fromEntries(
    had.map((family) => [family, output("primary-ip", addressName(stack, family), "address")]),
  );
}

function firstBoot({ config, machine }: HetznerResourcesInput): (publicKey: string) => FirstBoot {
  const { stack } = config;
  return (publicKey) => {
    const hostKey = newSshKeyPair(`${stack}-first`);
    const userData = cloudInit({ hostname: stack, user: machine.user, publicKey, hostKey });
    return { userData, hostKey: hostKey.fingerprint };
  };
}

/** The key that a new server lets in. */
function sshKeyOf({ config, foreignKey }: HetznerResourcesInput): NonNullable<ServerSpec["sshKey"]> {
  const { stack } = config;
  return foreignKey === undefined
    ? { id: output("ssh-key", stack, "id"), publicKey: output("ssh-key", stack, "publicKey") }
    : { id: String(foreignKey.id), publicKey: foreignKey.publicKey };
}

function serverSpec(input: HetznerResourcesInput, isKeySpare: boolean): ServerSpec {
  const { config, machine, hetzner } = input;
  const { stack } = config;
  const { type, types, location, locations, image } = hetzner;
  const addresses = families
    .filter((family) => hetzner[family])
    .map((family) => {
      const name = addressName(stack, family);
      return [
        family,
        { id: output("primary-ip", name, "id"), address: output("primary-ip", name, "address") },
      ];
    });
  return {
    stack,
    identity: config.identity,
    name: stack,
    type,
    otherTypes: types.slice(types.indexOf(type) + 1),
    location,
    otherLocations: locations.filter((one) => one !== location),
    image,
    protect: machine.protect,
    ...(isKeySpare ? {} : { sshKey: sshKeyOf(input) }),
    firewall: output("firewall", stack, "id"),
    firstBoot: firstBoot(input),
    ...(Object.fromEntries(addresses) as Pick<ServerSpec, Family>),
  };
}

/** The name that a firewall's labels remember; none if the config itself has it. */
export function issuerOf({ issuer, named }: Config): Pick<FirewallSpec, "issuer"> {
  return defined({ issuer: mapped(named, (server) => ({ host: new URL(issuer).hostname, ...server })) });
}

/** A stack's desired resources at Hetzner, each with its current state. */
export function hetznerResources(input: HetznerResourcesInput): readonly PlannedThing[] {
  const { config, machine, hetzner, api, keys, foreignKey, owned } = input;
  const { stack, identity } = config;
  const { location } = hetzner;
  const named = { stack, identity, name: stack };
  const addresses = families
    .filter((type) => hetzner[type])
    .map((type): PlannedThing => {
      const spec = {
        stack,
        identity,
        name: addressName(stack, type),
        type,
        location,
        protect: machine.protect,
      };
      const own = ownOf(owned.primaryIps, { ...spec, fits: (one) => one.type === type });
      return { resource: primaryIpResource(api, spec), own };
    });
  const key = { resource: sshKeyResource(api, { ...named, keys }), own: ownOf(owned.sshKeys, named) };
  // Hetzner copies a key at the creation alone: a machine that stands does not want it again. Another stack may have had it.
  const isKeySpare =
    foreignKey === undefined &&
    key.own === undefined &&
    !keys.isMade &&
    stands(hetzner, ownOf(owned.servers, named));
  const firewall = firewallResource(api, { ...named, open: openPorts(input), ...issuerOf(config) });
  return [
    ...(foreignKey === undefined && !isKeySpare ? [key] : []),
    { resource: firewall, own: ownOf(owned.firewalls, named) },
    ...addresses,
    { resource: serverResource(api, serverSpec(input, isKeySpare)), own: ownOf(owned.servers, named) },
  ];
}
