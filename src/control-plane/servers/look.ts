import { networkInterfaces } from "node:os";
import { defined, errorText, mapLimit, mapped, PodtrustError, shellWord } from "../../core/base/index.ts";
import { isLoopback } from "../../core/http/index.ts";
import {
  disagreement,
  type IssuerTwice,
  issuerTwice,
  type WhatRuns,
} from "../../rules/distribution/index.ts";
import type { SshSession, SshTarget } from "../../providers/host/index.ts";
import { ServerMachine } from "./machine.ts";
import { k3sOnMachine } from "./on-machine.ts";
import { openServer, type ServersOptions } from "./open.ts";
import { RancherFiles } from "./rancher.ts";
import type { ServerCommand } from "./server.ts";
import { serverUnit } from "./server-unit.ts";

/** What was seen of one API server over SSH, for who changes nothing. */
export interface ServerSight {
  /** Its machine's host name; the address in the config where that was not reached. */
  readonly name: string;
  /**
   * `as-started`: it runs with what it will be started with. `otherwise`: with something else. `none`: no API server runs there.
   * `not-looked-at`: nothing that can be believed says it, or SSH did not get there.
   */
  readonly kind: "as-started" | "otherwise" | "none" | "not-looked-at";
  /** A sentence that says why; absent for `as-started`. */
  readonly why?: string;
  /** What to do about that, where it is known. */
  readonly next?: string;
  /** What it will be started with; absent where that could not be read. */
  readonly command?: ServerCommand;
  /** That its next start takes the issuer from two places, whatever runs; absent where it does not. */
  readonly twice?: IssuerTwice;
}

/** What is asked of one server. */
export interface LookTarget {
  readonly name: string;
  command(signal: AbortSignal): Promise<ServerCommand>;
  whatRuns(signal: AbortSignal): Promise<WhatRuns>;
  /** When its process began, milliseconds since the epoch. */
  startedAt(signal: AbortSignal): Promise<number>;
}

// With these nothing runs, or nothing will be started.
const down: readonly string[] = ["server-process", "server-manifest"];

async function ofRunning(server: LookTarget, signal: AbortSignal): Promise<Omit<ServerSight, "name">> {
  try {
    const look = await server.whatRuns(signal);
    const isSeen = look.runs.kind === "seen";
    const why = disagreement(look, isSeen ? undefined : await server.startedAt(signal));
    if (why !== undefined) return { kind: "otherwise", why };
    return look.runs.kind === "seen" ? { kind: "as-started" } : { kind: "not-looked-at", why: look.runs.why };
  } catch (error) {
    signal.throwIfAborted();
    const isDown = error instanceof PodtrustError && down.includes(error.code);
    return isDown ? { kind: "none", why: errorText(error) } : unseenBy(error);
  }
}

function unseenBy(error: unknown): Pick<ServerSight, "kind" | "why" | "next"> {
  const next = error instanceof PodtrustError ? error.next : undefined;
  return { kind: "not-looked-at", why: errorText(error), ...defined({ next }) };
}

/**
 * A server that nothing was seen of. A machine is looked at over SSH also where podtrust runs on it, as the sentence says then. Of
 * `ssh`, absent where it is not known: where it answers.
 */
export function notLookedAt(
  name: string,
  ssh: Pick<SshTarget, "address" | "port" | "user"> | undefined,
  error: unknown,
): ServerSight {
  const { next = "", ...seen } = unseenBy(error);
  if (ssh === undefined || !isOwnAddress(ssh.address)) return { name, ...seen, next };
  const { address, port, user } = ssh;
  const here = `This is that machine, and it is looked at over SSH all the same: ssh -p ${port} ${shellWord(`${user}@${address}`)} true has to end well here, or run it where it does.`;
  return { name, ...seen, next: `${next} ${here}`.trim() };
}

/** Whether an address is one of this machine's own. */
function isOwnAddress(address: string): boolean {
  const own = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((one) => one.address));
  return isLoopback(address) || own.includes(address);
}

/** Looks at one server. Throws only the signal's reason. */
export async function lookAt(server: LookTarget, signal: AbortSignal): Promise<ServerSight> {
  const command = await server.command(signal).catch(() => undefined);
  const twice = mapped(command?.unit, issuerTwice);
  return { name: server.name, ...(await ofRunning(server, signal)), ...defined({ command, twice }) };
}

/** Looks at k3s on a machine that podtrust set up, by its session. Throws only the signal's reason. */
export function lookAtMachine(session: SshSession, signal: AbortSignal): Promise<ServerSight> {
  const machine = new ServerMachine(session);
  const files = new RancherFiles(machine, "k3s", "rotate");
  const asked: LookTarget = {
    name: session.target.address,
    command: (own) => files.command(own),
    whatRuns: (own) => k3sOnMachine(session, own),
    startedAt: async (own) => (await serverUnit(machine, "k3s", own)).startedAt,
  };
  return lookAt(asked, signal);
}

/** How many machines are asked at once. */
const atOnce = 4;

/**
 * Looks at each API server that the config names, at its own address and over SSH. Changes nothing, and asks nothing of the cluster
 * but of each server itself. Throws only the signal's reason.
 */
export function lookAtServers(
  options: Omit<ServersOptions, "purpose" | "without" | "withoutApi">,
): Promise<readonly ServerSight[]> {
  const { servers, signal } = options;
  return mapLimit(
    servers,
    async (config) => {
      const opened: (() => Promise<void>)[] = [];
      try {
        const { api, files } = await openServer(config, { ...options, purpose: "rotate" }, opened);
        const asked: LookTarget = {
          name: api.name,
          command: (own) => files.command(own),
          whatRuns: (own) => api.whatRuns(own),
          startedAt: (own) => api.startedAt(own),
        };
        return await lookAt(asked, signal);
      } catch (error) {
        signal.throwIfAborted();
        return notLookedAt(config.ssh.address, config.ssh, error);
      } finally {
        for (const end of opened.reverse()) await end();
      }
    },
    atOnce,
  );
}
