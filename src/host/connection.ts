import { type Clock, PodtrustError } from "../base/index.ts";
import { StateFolder } from "../files/index.ts";
import type { Inputs, Known, Output } from "../plan/index.ts";
import { hostKeyAlias, type PinContext, pinnedKnownHosts } from "./host-key-pin.ts";
import { openSession, type SshSession } from "./session.ts";
import type { Environment } from "./ssh.ts";
import type { SshTarget } from "./target.ts";

/** Where a stack's machine is: known from the config, or an output of what makes it. */
export interface HostPlace {
  /** Outputs that `target` asks for. */
  readonly needs: readonly Output[];
  target(inputs: Inputs): Known<SshTarget>;
}

export interface ConnectionOptions {
  readonly env: Environment;
  readonly clock: Clock;
  readonly stack: string;
  readonly place: HostPlace;
  /** The stack's folder of state on this machine. */
  readonly stateDir: string;
}

/** The one connection to a stack's machine, made when it is first needed. */
export class HostConnection {
  readonly place: HostPlace;
  readonly #options: ConnectionOptions;
  #open: { readonly target: SshTarget; readonly session: Promise<SshSession> } | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.place = options.place;
  }

  #pin(signal?: AbortSignal): PinContext {
    const { env, stack, stateDir } = this.#options;
    const state = new StateFolder(stateDir);
    return { env, state, alias: hostKeyAlias(stack), ...(signal === undefined ? {} : { signal }) };
  }

  async #connect(target: SshTarget, signal?: AbortSignal): Promise<SshSession> {
    const pin = this.#pin(signal);
    const knownHosts = await pinnedKnownHosts(target, pin);
    const { env, clock } = this.#options;
    return openSession({ env, clock, target, knownHosts, alias: pin.alias });
  }

  /** The session; undefined where nothing is known of the machine yet. Throws `ssh-*`. */
  async session(inputs: Inputs, signal?: AbortSignal): Promise<SshSession | undefined> {
    const known = this.place.target(inputs);
    if (!known.known) return undefined;
    const target = known.value;
    if (this.#open === undefined || JSON.stringify(this.#open.target) !== JSON.stringify(target)) {
      await this.close();
      const session = this.#connect(target, signal);
      this.#open = { target, session };
      session.catch(() => (this.#open = undefined));
    }
    return this.#open.session;
  }

  /** The session to a machine that has to be there. Throws `machine-absent`, `ssh-*`. */
  async required(inputs: Inputs, signal?: AbortSignal): Promise<SshSession> {
    const session = await this.session(inputs, signal);
    if (session !== undefined) return session;
    throw new PodtrustError("machine-absent", `the machine of stack ${this.#options.stack} is not there yet`);
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.session.then((session) => session.close()).catch(() => {});
  }
}
