import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Config, type Environment, personStateDir } from "../../../config/index.ts";
import { hostKeyAlias, ownLoginKey, pinFile } from "../../../host/index.ts";

/** How anybody's ssh gets on a stack's machine, and knows it. */
export interface SshAccess {
  /** A known_hosts file that has the machine's key under `alias`. */
  readonly knownHosts: string;
  readonly alias: string;
  /** File of the private key; absent: the agent's, or the person's usual keys. */
  readonly keyFile?: string;
  readonly proxyJump?: string;
}

/** How the machine of a config is reached by others than podtrust, with what it keeps on this machine. */
export function sshAccess({ stack, machine }: Config, env: Environment): SshAccess {
  const state = join(personStateDir(env), stack);
  const own = join(state, ownLoginKey);
  const keyFile = machine?.sshKey?.replace(/\.pub$/u, "") ?? (existsSync(own) ? own : undefined);
  const proxyJump = machine?.ssh?.proxyJump;
  return {
    knownHosts: join(state, pinFile),
    alias: hostKeyAlias(stack),
    ...(keyFile === undefined ? {} : { keyFile }),
    ...(proxyJump === undefined ? {} : { proxyJump }),
  };
}
