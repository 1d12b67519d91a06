import { existsSync } from "node:fs";
import { join } from "node:path";
import { defined, PodtrustError, type Environment } from "../../../core/base/index.ts";
import {
  type Config,
  type HetznerMachine,
  type MachineConfig,
  personStateDir,
  type SshMachine,
} from "../../../config/index.ts";
import { idOf, rememberHostKeys } from "../../../providers/hetzner/index.ts";
import {
  HostConnection,
  type HostLocator,
  ownLoginKey,
  type SshTarget,
} from "../../../providers/host/index.ts";
import { connectTarget } from "../../../core/http/index.ts";
import { type Inputs, mapKnown, type ResourceOutput } from "../../../rules/plan/index.ts";
import { hetznerApi } from "../hetzner/api.ts";
import type { PartContext } from "../part.ts";

export type HostContext = Pick<PartContext, "config" | "env" | "clock" | "route" | "notice">;

/** Where a stack stores what this machine must remember, and can restore. */
export function stackState({ stack }: Pick<Config, "stack">, env: Environment): string {
  return join(personStateDir(env), stack);
}

/** ssh needs the private key if it is in a file: the public half alone means an agent. */
export function keyFileOf({ sshKey }: MachineConfig, state: string): string | undefined {
  if (sshKey === undefined) {
    const own = join(state, ownLoginKey);
    return existsSync(own) ? own : undefined;
  }
  const secret = sshKey.replace(/\.pub$/u, "");
  return existsSync(secret) ? secret : sshKey;
}

/**
 * Where the connection really goes, by the rules that stand in for public DNS and its routes. A rule for any port is
 * about the issuer.
 */
function viaOf({ route }: HostContext, address: string, port: number): Pick<SshTarget, "via"> {
  const rules = (route?.connectTo ?? []).filter((rule) => rule.port !== undefined);
  const { host, port: toPort } = connectTarget(rules, address, port);
  return host === address && toPort === port ? {} : { via: { address: host, port: toPort } };
}

function locatorOfSsh(
  context: HostContext,
  { address, port, user, hostKey, proxyJump }: SshMachine,
  keyFile: string | undefined,
): HostLocator {
  const target = {
    address,
    port,
    user,
    hostKeys: hostKey === undefined ? [] : [hostKey],
    ...defined({ keyFile, proxyJump }),
    ...viaOf(context, address, port),
  };
  return { needs: [], target: () => ({ known: true, value: target }) };
}

/** Only user data, at the first boot, gives a machine the key that its label names: no API call can later. */
function hostKeyUnknown(stack: string): PodtrustError {
  return new PodtrustError(
    "ssh-host-key-unknown",
    `server ${stack} was made without podtrust's user data, or its label podtrust-host-key was removed: its host key is unknown`,
    {
      next: `Put the label back, or have the server made by podtrust: podtrust down --only server/${stack}, then podtrust up.`,
      detail: { server: stack },
    },
  );
}

function locatorAtHetzner(
  context: HostContext,
  machine: MachineConfig,
  hetzner: HetznerMachine,
): HostLocator {
  const { config, env } = context;
  const server = (name: string): ResourceOutput => ({ after: idOf({ kind: "server" }, config.stack), name });
  const address = server(hetzner.ipv4 ? "ipv4" : "ipv6");
  const hostKey = server("hostKey");
  const next = server("nextHostKey");
  return {
    needs: [address, hostKey, server("id")],
    target(inputs) {
      const key = inputs.get(hostKey);
      if (!key.known) return key;
      // Exists only while one key replaces another.
      const beside = inputs.get(next);
      const hostKeys = [key.value, ...(beside.known ? [beside.value] : [])];
      // The key may have been made in this very run.
      const keyFile = keyFileOf(machine, stackState(config, env));
      return mapKnown(inputs.get(address), (value) => ({
        address: value,
        port: 22,
        user: machine.user,
        hostKeys,
        ...defined({ keyFile }),
        ...viaOf(context, value, 22),
      }));
    },
    unreachable(inputs) {
      const stands = inputs.get(server("id")).known && !inputs.get(hostKey).known;
      return stands ? hostKeyUnknown(config.stack) : undefined;
    },
    async remember(inputs: Inputs, keys, signal) {
      const id = inputs.get(server("id"));
      if (!id.known) return;
      await rememberHostKeys(await hetznerApi(context, hetzner), Number(id.value), keys, signal);
    },
  };
}

function locatorOf(context: HostContext, machine: MachineConfig): HostLocator | undefined {
  const { ssh, hetzner } = machine;
  if (ssh !== undefined)
    return locatorOfSsh(context, ssh, keyFileOf(machine, stackState(context.config, context.env)));
  return hetzner === undefined ? undefined : locatorAtHetzner(context, machine, hetzner);
}

// All parts on a machine share one connection, which knows what each of them changed.
const connections = new WeakMap<Config, HostConnection>();

/** The connection to a config's machine; undefined if it names none. Connects on first use. */
export function hostConnection(context: HostContext): HostConnection | undefined {
  const { config, env, clock } = context;
  const { machine, stack } = config;
  const locator = machine === undefined ? undefined : locatorOf(context, machine);
  if (locator === undefined) return undefined;
  const made = connections.get(config);
  if (made !== undefined) return made;
  const { notice = () => {} } = context;
  const stateDir = stackState(config, env);
  const connection = new HostConnection({ env, clock, stack, locator, stateDir, notice });
  connections.set(config, connection);
  return connection;
}
