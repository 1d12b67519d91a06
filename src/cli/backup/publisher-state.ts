import type { Config } from "../../config/index.ts";
import type { StoreDeps } from "../../publisher/index.ts";
import type { CommandContext } from "../context.ts";
import { consentOf } from "../options/consent.ts";

/** Where the publisher of a config keeps its state. */
interface KeptHere {
  readonly deps: StoreDeps;
  /** It is on a machine that podtrust sets up, and reached over SSH. */
  readonly isOnMachine: boolean;
}

/**
 * Does something to what a config's publisher keeps: here, in the cluster, or on the config's machine over the pinned SSH
 * connection. Throws `machine-absent`, `backup-foreign`, `ssh-*`, `host-*`.
 */
export async function withKept<Result>(
  context: CommandContext,
  config: Config,
  work: (kept: KeptHere) => Promise<Result>,
): Promise<Result> {
  const { clock, env, signal } = context;
  const deps = { clock, logger: context.logger(), env, consent: consentOf(context) };
  if (config.machine === undefined) return work({ deps, isOnMachine: false });
  const { openPublisherState, publisherOnMachine } = await import("../../stack/index.ts");
  if (publisherOnMachine(config) === undefined) return work({ deps, isOnMachine: false });
  const state = await openPublisherState({ ...context, config }, signal);
  try {
    return await work({ deps: { ...deps, files: state.files }, isOnMachine: true });
  } finally {
    await state.close();
  }
}
