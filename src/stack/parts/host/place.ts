import { join } from "node:path";
import { type Config, type Environment, type MachineConfig, personStateDir } from "../../../config/index.ts";
import { HostConnection, type HostPlace } from "../../../host/index.ts";
import type { PartContext } from "../part.ts";

/** Where the machine of a config is. */
function placeOf({ ssh, sshKey }: MachineConfig): HostPlace {
  if (ssh === undefined) throw new TypeError("the machine has no place");
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
  if (machine === undefined) return undefined;
  return new HostConnection({
    env,
    clock,
    stack,
    place: placeOf(machine),
    stateDir: stackState(config, env),
  });
}
