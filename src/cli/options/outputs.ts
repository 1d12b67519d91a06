import { errorText } from "../../base/index.ts";
import type { Config } from "../../config/index.ts";
import { accountsOutput, openStack, type ResourceOutputs } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import { packageVersion, releaseFolder } from "../version.ts";

async function outputsOfOnly(
  { env, clock, signal }: CommandContext,
  config: Config,
  only: readonly string[],
): Promise<ResourceOutputs> {
  const release = { version: packageVersion(), folder: releaseFolder() };
  const stack = await openStack({ config, env, clock, signal, release, select: { only } });
  try {
    return await stack.outputs();
  } finally {
    stack.close();
  }
}

function rentedParts({ stack, machine }: Config): readonly string[] {
  if (machine?.hetzner === undefined) return [];
  const { ipv4, ipv6 } = machine.hetzner;
  return [
    `hetzner/ssh-key/${stack}`,
    `hetzner/firewall/${stack}`,
    ...(ipv4 ? [`hetzner/primary-ip/${stack}-ipv4`] : []),
    ...(ipv6 ? [`hetzner/primary-ip/${stack}-ipv6`] : []),
    `hetzner/server/${stack}`,
  ];
}

/** What the cloud says of the config's machine: addresses and ids. Nothing where it is rented from nobody. */
export async function machineOutputs(context: CommandContext, config: Config): Promise<ResourceOutputs> {
  // Neither AWS nor the machine itself is asked: all else is in the config.
  const only = rentedParts(config);
  return only.length === 0 ? new Map() : outputsOfOnly(context, config, only);
}

/**
 * The same, and the accounts that the machine has for its publisher. Where the machine cannot be asked, that is said, and
 * nothing is known of them.
 */
export async function machineAndAccountsOutputs(
  context: CommandContext,
  config: Config,
): Promise<ResourceOutputs> {
  const rented = await machineOutputs(context, config);
  const accounts = accountsOutput(config)?.after;
  if (accounts === undefined) return rented;
  try {
    return await outputsOfOnly(context, config, [...rentedParts(config), accounts]);
  } catch (error) {
    context.signal.throwIfAborted();
    context.progress.line(`note: the publisher's accounts are not known: ${errorText(error)}`, 6);
    return rented;
  }
}
