import { errorText } from "../../core/base/index.ts";
import type { Config } from "../../config/index.ts";
import { accountsOutput, dnsRecordIds, openStack, type ResourceOutputs } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import { packageVersion, releaseFolder } from "../../core/command-line/index.ts";

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

/** The cloud's addresses and ids of the config's machine. Empty if it is not rented. */
export async function machineOutputs(context: CommandContext, config: Config): Promise<ResourceOutputs> {
  // Neither AWS nor the machine itself is asked: the rest is in the config.
  const only = rentedParts(config);
  return only.length === 0 ? new Map() : outputsOfOnly(context, config, only);
}

/** What else an import names, each with its source. */
function named(config: Config): readonly { readonly what: string; readonly ids: readonly string[] }[] {
  const accounts = accountsOutput(config)?.after;
  return [
    { what: "DNS records", ids: dnsRecordIds(config) },
    { what: "publisher's accounts", ids: accounts === undefined ? [] : [accounts] },
  ];
}

/**
 * The same, and the records of the issuer's name and the accounts that the machine has for its publisher. If
 * a source cannot be read, that is said, and its outputs are unknown.
 */
export async function importedOutputs(context: CommandContext, config: Config): Promise<ResourceOutputs> {
  const found = new Map(await machineOutputs(context, config));
  for (const { what, ids } of named(config)) {
    if (ids.length === 0) continue;
    try {
      const more = await outputsOfOnly(context, config, [...rentedParts(config), ...ids]);
      for (const [id, outputs] of more) found.set(id, outputs);
    } catch (error) {
      context.signal.throwIfAborted();
      context.progress.line(`note: the ${what} are not known: ${errorText(error)}`, 6);
    }
  }
  return found;
}
