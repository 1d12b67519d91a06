import type { Config } from "../../config/index.ts";
import { openStack, type ResourceOutputs } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";

/** What the cloud says of the config's machine: addresses and ids. Nothing where it is rented from nobody. */
export async function machineOutputs(context: CommandContext, config: Config): Promise<ResourceOutputs> {
  const { env, clock, signal } = context;
  if (config.machine?.hetzner === undefined) return new Map();
  // Neither AWS nor the machine itself is asked: all else is in the config.
  const only = [`hetzner/server/${config.stack}`];
  const stack = await openStack({ config, env, clock, signal, select: { only } });
  try {
    return await stack.outputs();
  } finally {
    stack.close();
  }
}
