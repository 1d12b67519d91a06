import { defined } from "../../../core/base/index.ts";
import type { ServerSight } from "../../../control-plane/servers/index.ts";
import type { PartContext } from "../part.ts";
import { type HostContext, stackState } from "./locator.ts";
import { openMachine } from "./machine.ts";

async function ofMachine(context: HostContext, signal: AbortSignal): Promise<ServerSight> {
  const { lookAtMachine, notLookedAt } = await import("../../../control-plane/servers/index.ts");
  try {
    // Its connection is shared, and ends with the process.
    const { session } = await openMachine(context, signal);
    return await lookAtMachine(session, signal);
  } catch (error) {
    signal.throwIfAborted();
    const { ssh } = context.config.machine ?? {};
    return notLookedAt(ssh?.address ?? `the machine of ${context.config.stack}`, ssh, error);
  }
}

/**
 * Looks at each API server whose machine the config names, over SSH: those of `cluster.servers`, else the one of `machine`; none where
 * it names none. Changes nothing. Throws only the signal's reason.
 */
export async function lookAtApiServers(
  context: HostContext & Pick<PartContext, "consent">,
  signal: AbortSignal,
): Promise<readonly ServerSight[]> {
  const { config, env, clock, consent, notice } = context;
  const { cluster, servers = [], machine } = config;
  if (cluster === undefined || servers.length === 0)
    return machine === undefined ? [] : [await ofMachine(context, signal)];
  const { lookAtServers } = await import("../../../control-plane/servers/index.ts");
  const stateDir = stackState(config, env);
  return lookAtServers({ cluster, servers, stateDir, env, clock, signal, ...defined({ consent, notice }) });
}
