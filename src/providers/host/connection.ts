import {
  type Clock,
  defined,
  PodtrustError,
  retry,
  type RetrySchedule,
  SharedWork,
  type Environment,
} from "../../core/base/index.ts";
import { StateFolder } from "../../core/files/index.ts";
import type { Inputs, Known, ResourceOutput, Work } from "../../rules/plan/index.ts";
import { fingerprintOf, hostKeyAlias, type PinContext, pinKeys, pinnedKnownHosts } from "./host-key-pin.ts";
import { openSession, type SshSession } from "./session.ts";
import { type SshTarget, targetText } from "./target.ts";
import { untilOnMachine } from "./until.ts";

/** Host keys of which a machine shows one, by their fingerprints. */
export interface RememberedKeys {
  readonly current: string;
  /** While one takes the place of the other. */
  readonly next?: string;
}

/** Where a stack's machine is: known from the config, or an output of what makes it. */
export interface HostLocator {
  /** Outputs that `target` asks for. */
  readonly needs: readonly ResourceOutput[];
  target(inputs: Inputs): Known<SshTarget>;
  /** Why an existing machine has no target; undefined where it does not exist yet. */
  unreachable?(inputs: Inputs): PodtrustError | undefined;
  /**
   * Given for a machine that podtrust made: stores its valid host keys where our other machines look for them. Such a
   * machine may still be booting.
   */
  readonly remember?: (inputs: Inputs, keys: RememberedKeys, signal: AbortSignal) => Promise<void>;
}

export interface HostConnectionOptions {
  readonly env: Environment;
  readonly clock: Clock;
  readonly stack: string;
  readonly locator: HostLocator;
  /** The stack's folder of state on this machine. */
  readonly stateDir: string;
  /** Called with notices for a person although nothing failed. */
  readonly notice?: (text: string) => void;
}

// How a booting machine answers before its sshd and its users exist.
const bootingCodes: readonly string[] = ["ssh-unreachable", "ssh-lost", "ssh-denied"];
const isBooting = (error: unknown): boolean =>
  error instanceof PodtrustError && bootingCodes.includes(error.code);

const bootMs = 300_000;
// The run that made the machine may have been ended.
const everyMs = 3000;
const booting: RetrySchedule = {
  name: "a machine that boots accepts no login yet",
  delays: [everyMs],
  giveUpAfter: 90_000,
};

/** The one connection to a stack's machine, made when it is first needed. */
export class HostConnection {
  readonly locator: HostLocator;
  readonly #options: HostConnectionOptions;
  #open: { readonly target: string; readonly session: SharedWork<SshSession> } | undefined;
  /** The machine is made in this run: it did not exist at first. */
  #isExpected = false;
  /** The host key that it got in this run; earlier readings still have the former. */
  #rotated: string | undefined;

  constructor(options: HostConnectionOptions) {
    this.#options = options;
    this.locator = options.locator;
  }

  #pin(signal?: AbortSignal): PinContext {
    const { env, stack, stateDir, notice } = this.#options;
    const pin = { env, state: new StateFolder(stateDir), alias: hostKeyAlias(stack) };
    return {
      ...pin,
      ...defined({ notice, signal }),
    };
  }

  #target(inputs: Inputs): SshTarget | undefined {
    const known = this.locator.target(inputs);
    if (!known.known) return undefined;
    return this.#rotated === undefined ? known.value : { ...known.value, hostKeys: [this.#rotated] };
  }

  async #connect(target: SshTarget, signal: AbortSignal): Promise<SshSession> {
    const pin = this.#pin(signal);
    const knownHosts = await pinnedKnownHosts(target, pin);
    const { env, clock } = this.#options;
    const session = openSession({ env, clock, target, knownHosts, alias: pin.alias });
    if (this.locator.remember === undefined) return session;
    try {
      // A refused login shows now, not in the middle of something.
      await session.run("true", {
        timeoutMs: 60_000,
        asUser: true,
        signal,
      });
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  #session(target: SshTarget, signal?: AbortSignal): Promise<SshSession> {
    const key = JSON.stringify(target);
    if (this.#open?.target !== key || !this.#open.session.isShareable) {
      const before = this.close();
      const session = new SharedWork((own) => before.then(() => this.#connect(target, own)));
      this.#open = { target: key, session };
    }
    return this.#open.session.wait(signal);
  }

  /**
   * The session; undefined where the machine does not exist yet, or is made in this run and still booting. Throws
   * `ssh-*`.
   */
  async session(inputs: Inputs, signal?: AbortSignal): Promise<SshSession | undefined> {
    const target = this.#target(inputs);
    if (target === undefined) {
      this.#isExpected = true;
      return undefined;
    }
    const isPassing = (error: unknown): boolean => this.locator.remember !== undefined && isBooting(error);
    try {
      return await retry(() => this.#session(target, signal), {
        schedule: booting,
        clock: this.#options.clock,
        retryable: (error) => isPassing(error) && !this.#isExpected,
        ...defined({ signal }),
      });
    } catch (error) {
      if (isPassing(error) && this.#isExpected) return undefined;
      throw error;
    }
  }

  /** The session to a machine that has to exist. Throws `machine-absent`, `ssh-*`. */
  async required(inputs: Inputs, signal?: AbortSignal): Promise<SshSession> {
    const target = this.#target(inputs);
    if (target !== undefined) return this.#session(target, signal);
    const unreachable = this.locator.unreachable?.(inputs);
    if (unreachable !== undefined) throw unreachable;
    throw new PodtrustError("machine-absent", `the machine of stack ${this.#options.stack} is not there yet`);
  }

  /**
   * The session to a machine that may still be booting. Throws `host-wait-missed`, and at once what waiting cannot fix.
   */
  async awaited(work: Work, what = "to boot"): Promise<SshSession> {
    const target = this.#target(work.inputs);
    if (target === undefined || this.locator.remember === undefined)
      return this.required(work.inputs, work.signal);
    await untilOnMachine({
      what: `${targetText(target)} ${what}`,
      clock: this.#options.clock,
      timeoutMs: bootMs,
      everyMs,
      work,
      look: async () => {
        try {
          await this.#session(target, work.signal);
          return undefined;
        } catch (error) {
          work.signal.throwIfAborted();
          if (!isBooting(error)) throw error;
          return error instanceof PodtrustError && error.code === "ssh-denied"
            ? "sshd answers, and does not know the key yet"
            : "sshd does not answer yet";
        }
      },
    });
    return this.#session(target, work.signal);
  }

  /** Whether two host keys are remembered: one was about to take the other's place. */
  isHostKeyOpen(inputs: Inputs): boolean {
    return (this.#target(inputs)?.hostKeys.length ?? 0) > 1;
  }

  /** Pins and remembers a key beside the one that is shown; gives its fingerprint. */
  async pinBeside(publicKey: string, work: Work): Promise<string> {
    const [current] = this.#target(work.inputs)?.hostKeys ?? [];
    const next = fingerprintOf(publicKey);
    await pinKeys([publicKey], this.#pin(work.signal), "beside");
    // Where a former run got further, the first of both may be gone already: both stay remembered.
    await this.locator.remember?.(work.inputs, { current: current ?? next, next }, work.signal);
    return next;
  }

  /** Pins and remembers a key in place of all others, and connects anew with it. Throws `ssh-host-key`. */
  async pinOnly(publicKey: string, work: Work): Promise<void> {
    const fingerprint = fingerprintOf(publicKey);
    await this.close();
    await pinKeys([publicKey], this.#pin(work.signal), "alone");
    this.#rotated = fingerprint;
    // Only once the machine has shown it is the former one forgotten; its sshd may just be starting anew.
    await this.awaited(work, "to show its new host key");
    await this.locator.remember?.(work.inputs, { current: fingerprint }, work.signal);
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.session
      .wait()
      .then((session) => session.close())
      .catch(() => {});
  }
}
