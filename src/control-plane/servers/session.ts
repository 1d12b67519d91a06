import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Clock, defined } from "../../core/base/index.ts";
import { StateFolder } from "../../core/files/index.ts";
import type { ClusterServer } from "../../config/index.ts";
import {
  openSession,
  pinnedKnownHosts,
  type SshSession,
  type SshTarget,
} from "../../providers/host/index.ts";
import { ServerMachine } from "./machine.ts";

export interface SessionsOptions {
  /** `cluster.servers` of the config. */
  readonly servers: readonly ClusterServer[];
  /** The stack's folder of state on this machine: the machines' host keys are pinned there. */
  readonly stateDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called with a notice for the user although nothing failed. */
  readonly notice?: (text: string) => void;
}

/** ssh wants the private key, where it is in a file: the public half alone means an agent. */
function keyFileOf({ sshKey }: ClusterServer): string | undefined {
  const secret = sshKey?.replace(/\.pub$/u, "");
  return secret !== undefined && existsSync(secret) ? secret : sshKey;
}

/** A session to one of them; connects when it is first used. Throws `ssh-*`. */
export async function sessionOf(server: ClusterServer, options: SessionsOptions): Promise<SshSession> {
  const { env, clock, stateDir, signal, notice } = options;
  const { address, port, user, hostKey, proxyJump } = server.ssh;
  const keyFile = keyFileOf(server);
  const hostKeys = hostKey === undefined ? [] : [hostKey];
  const target: SshTarget = { address, port, user, hostKeys, ...defined({ keyFile, proxyJump }) };
  // One folder and one name each: the pinned key of one is not that of another.
  const name = `${address}-${port}`.replaceAll(/[^\w.-]/gu, "-");
  const state = new StateFolder(join(stateDir, "servers", name));
  const alias = `podtrust-server-${name}`;
  const knownHosts = await pinnedKnownHosts(target, { env, state, alias, ...defined({ signal, notice }) });
  return openSession({ env, clock, target, knownHosts, alias });
}

/**
 * Does something with the files of each machine that the config names, one after the other, as root over its pinned session.
 * The cluster's API is not asked. Throws `ssh-*`, `host-*`, and what `work` throws.
 */
export async function onEachServer<Result>(
  options: SessionsOptions,
  work: (machine: Pick<ServerMachine, "text" | "read">) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const server of options.servers) {
    const session = await sessionOf(server, options);
    try {
      results.push(await work(new ServerMachine(session)));
    } finally {
      await session.close();
    }
  }
  return results;
}
