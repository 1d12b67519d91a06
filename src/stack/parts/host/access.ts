import { join } from "node:path";
import { defined, type Environment } from "../../../core/base/index.ts";
import type { Config } from "../../../config/index.ts";
import { hostKeyAlias, pinFile } from "../../../providers/host/index.ts";
import { keyFileOf, stackState } from "./locator.ts";

/** How any ssh client reaches a stack's machine, and verifies it. */
export interface SshAccess {
  /** A known_hosts file that has the machine's key under `alias`. */
  readonly knownHosts: string;
  readonly alias: string;
  /** File of the private key; absent: the agent's, or ssh's default keys. */
  readonly keyFile?: string;
  readonly proxyJump?: string;
}

/** How programs other than podtrust reach the machine of a config, with the files that podtrust keeps on this machine. */
export function sshAccess(config: Config, env: Environment): SshAccess {
  const { stack, machine } = config;
  const state = stackState(config, env);
  const keyFile = machine === undefined ? undefined : keyFileOf(machine, state);
  const proxyJump = machine?.ssh?.proxyJump;
  return {
    knownHosts: join(state, pinFile),
    alias: hostKeyAlias(stack),
    ...defined({ keyFile, proxyJump }),
  };
}
