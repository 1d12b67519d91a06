import { basename } from "node:path";
import { PodtrustError } from "../../../core/base/index.ts";
import { type ForwardedCluster, forwardCluster, type SshSession } from "../../../providers/host/index.ts";
import { machineInputs } from "./machine-inputs.ts";
import { type HostContext, hostConnection } from "./place.ts";

/** The machine of a stack, for commands that work on it. Ended by `close`, or with the process. */
export interface Machine {
  readonly session: SshSession;
  /** What ssh is to be started with to be on it, on the connection that stands. */
  sshArguments(): Promise<readonly string[]>;
  /** Words that make a command there root's. */
  readonly asRoot: readonly string[];
  /** Its cluster's API, through the connection; a free port by default. Throws `machine-absent`. */
  cluster(port?: number): Promise<ForwardedCluster>;
  /** Resolves once the connection was lost. */
  lost(): Promise<void>;
  close(): Promise<void>;
}

function machineOf(session: SshSession, stack: string, close: () => Promise<void>): Machine {
  return {
    session,
    sshArguments: () => session.arguments(),
    asRoot: session.target.user === "root" ? [] : ["sudo", "-n", "--"],
    cluster: (port) => forwardCluster(session, stack, port === undefined ? {} : { port }),
    lost: () => session.lost(),
    close,
  };
}

/** Connects to the machine of a config. Throws `machine-absent`, `ssh-*`. */
export async function openMachine(
  context: HostContext,
  signal: AbortSignal = new AbortController().signal,
): Promise<Machine> {
  const connection = hostConnection(context);
  const { file, stack } = context.config;
  if (connection === undefined)
    throw new PodtrustError("machine-absent", `${basename(file)} names no machine`);
  const inputs = await machineInputs(context, signal);
  return machineOf(await connection.required(inputs, signal), stack, () => connection.close());
}
