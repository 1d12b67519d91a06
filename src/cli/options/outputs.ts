import type { Config } from "../../config/index.ts";
import { openStack, type ResourceOutputs } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";

/** What the cloud says of the config's machine: addresses and ids. Nothing where it is rented from nobody. */
export async function machineOutputs(context: CommandContext, config: Config): Promise<ResourceOutputs> {
  const { env, clock, signal } = context;
  const { stack: name, machine } = config;
  if (machine?.hetzner === undefined) return new Map();
  const { ipv4, ipv6 } = machine.hetzner;
  // Neither AWS nor the machine itself is asked: all else is in the config.
  const only = [
    `hetzner/ssh-key/${name}`,
    `hetzner/firewall/${name}`,
    ...(ipv4 ? [`hetzner/primary-ip/${name}-ipv4`] : []),
    ...(ipv6 ? [`hetzner/primary-ip/${name}-ipv6`] : []),
    `hetzner/server/${name}`,
  ];
  const stack = await openStack({ config, env, clock, signal, select: { only } });
  try {
    return await stack.outputs();
  } finally {
    stack.close();
  }
}
