import { join } from "node:path";
import { type Config, type Environment, type MachineConfig, personStateDir } from "../../../config/index.ts";
import { HostConnection, type HostPlace } from "../../../host/index.ts";
import type { PartContext } from "../part.ts";

/** Where the machine of a config is; undefined for one that is rented. */
function placeOf({ ssh, sshKey }: MachineConfig): HostPlace | undefined {
  if (ssh === undefined) return undefined;
  const { address, port, user, hostKey, proxyJump } = ssh;
  const target = {
    address,
    port,
    user,
    hostKeys: hostKey === undefined ? [] : [hostKey],
    ...(sshKey === undefined ? {} : { keyFile: sshKey }),
    ...(proxyJump === undefined ? {} : { proxyJump }),
  };
  return { needs: [], target: () => ({ known: true, value: target }) };
}

/** Where a stack keeps what this machine must remember, and can have again. */
function stackState({ stack }: Config, env: Environment): string {
  return join(personStateDir(env), stack);
}

/** The connection to a config's machine; undefined where it names none. Connects when it is first used. */
export function hostConnection({
  config,
  env,
  clock,
}: Pick<PartContext, "config" | "env" | "clock">): HostConnection | undefined {
  const { machine, stack } = config;
  const place = machine === undefined ? undefined : placeOf(machine);
  if (place === undefined) return undefined;
  return new HostConnection({
    env,
    clock,
    stack,
    place,
    stateDir: stackState(config, env),
  });
}
