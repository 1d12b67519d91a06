import { basename } from "node:path";
import { defined, PodtrustError } from "../../../core/base/index.ts";
import { forwardCluster, type ForwardedCluster, type SshSession } from "../../../providers/host/index.ts";
import { hostConnection, type HostContext } from "./locator.ts";
import { ownedThings, serverOutputs } from "../../../providers/hetzner/index.ts";
import { noInputs, type Inputs } from "../../../rules/plan/index.ts";
import { hetznerApi } from "../hetzner/api.ts";

/** What is known of a config's machine outside of a plan: a rented one is looked up by the stack's label. */
async function machineInputs(context: HostContext, signal: AbortSignal): Promise<Inputs> {
  const { config } = context;
  const { machine } = config;
  if (machine?.hetzner === undefined) return noInputs;
  const api = await hetznerApi(context, machine.hetzner);
  const [server] = (await ownedThings(api, config, signal)).servers;
  const outputs = server === undefined ? {} : serverOutputs(server);
  return {
    get({ after, name }) {
      const value = outputs[name];
      return value === undefined ? { known: false, after } : { known: true, value };
    },
  };
}

/** The machine of a stack, for commands that work on it. Ended by `close`, or with the process. */
export interface Machine {
  readonly session: SshSession;
  /** Arguments that open ssh on the existing connection. */
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
    cluster: (port) => forwardCluster(session, stack, defined({ port })),
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
