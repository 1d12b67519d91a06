import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { type ErrorOptions, errorText, PodtrustError } from "../../core/base/index.ts";
import { type Ask, Calls, type Message } from "./calls.ts";
import type { CallsOf, OptionsOf, SaidOf, ThingServed } from "./served.ts";

/** Time limits in milliseconds to be ready, and to end on request. */
const startTime = 30_000;
const endTime = 5000;

const names: Readonly<Record<ThingServed, string>> = {
  sandbox: "the sandbox's process",
  cluster: "the stand-in cluster's process",
  authority: "the stand-in CA's process",
};

/** The program of the process, compiled or not like this file. */
function programFile(): string {
  return fileURLToPath(new URL(`main${extname(new URL(import.meta.url).pathname)}`, import.meta.url));
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

/** A process that serves one thing to the program that started it, and ends with that. */
export class OwnProcess<Thing extends ThingServed> {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #calls: Calls<Record<string, (...given: unknown[]) => unknown>>;
  #asked = 0;

  private constructor(thing: Thing, answers: object) {
    this.#name = names[thing];
    this.#child = fork(programFile(), [], {
      execArgv: [],
      // JSON has no undefined, which removes a claim from a forged token, and ends a fault.
      serialization: "advanced",
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#calls = new Calls((message) => {
      // If a message cannot be sent, the process has ended, and the call is rejected for that reason.
      this.#child.send(message, () => undefined);
    });
    this.#calls.serve(answers);
    this.#child.on("message", (message: Message) => this.#calls.hear(message));
    this.#child.on("exit", () => this.#calls.end(() => this.#endedError()));
    this.#child.on("error", (error) => this.#calls.end(() => this.#notStartedError(error)));
    // A program that forgets to close it can still exit, and the process exits with it.
    this.#child.unref();
    this.#child.channel?.unref();
  }

  /**
   * Starts a process that serves this thing, and returns its description. `answers` are the calls that it may make
   * back. Rejects as the start in the process does, or with `sandbox-process-ended`.
   */
  static async start<Thing extends ThingServed>(
    thing: Thing,
    options: OptionsOf<Thing>,
    answers: object = {},
  ): Promise<{ readonly own: OwnProcess<Thing>; readonly said: SaidOf<Thing> }> {
    const own = new OwnProcess(thing, answers);
    const timer = setTimeout(() => own.#calls.end(() => own.#notReadyError()), startTime);
    try {
      return { own, said: (await own.#ask("start", thing, options)) as SaidOf<Thing> };
    } catch (error) {
      await own.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Calls the process; rejects with `sandbox-process-ended` if it has ended, or ends before it answers. */
  readonly ask = ((call: string, ...given: unknown[]) => this.#ask(call, ...given)) as Ask<CallsOf<Thing>>;

  /** Closes its channel, and kills it if it does not react; resolves when it is gone. */
  readonly close = async (): Promise<void> => {
    if (hasEnded(this.#child)) return;
    this.#child.ref();
    const exit = once(this.#child, "exit");
    if (this.#child.connected) this.#child.disconnect();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), endTime);
    await exit;
    clearTimeout(timer);
  };

  /** A pending answer keeps the calling program running. */
  async #ask(call: string, ...given: unknown[]): Promise<unknown> {
    if ((this.#asked += 1) === 1) {
      this.#child.ref();
      this.#child.channel?.ref();
    }
    try {
      return await this.#calls.ask(call, ...given);
    } finally {
      if ((this.#asked -= 1) === 0) {
        this.#child.unref();
        this.#child.channel?.unref();
      }
    }
  }

  #error(how: string, options: ErrorOptions): PodtrustError {
    return new PodtrustError("sandbox-process-ended", `${this.#name} ${how}`, options);
  }

  #endedError(): PodtrustError {
    const { pid, exitCode, signalCode } = this.#child;
    const how = signalCode === null ? `with exit code ${exitCode}` : `by ${signalCode}`;
    return this.#error(`${pid} ended ${how}`, {
      detail: { pid, exitCode, signal: signalCode },
      ...(exitCode === 0 ? { next: "It was closed. Start another one, or close it later." } : {}),
    });
  }

  #notReadyError(): PodtrustError {
    const { pid } = this.#child;
    return this.#error(`${pid} was not ready after ${startTime / 1000} s`, { detail: { pid } });
  }

  #notStartedError(cause: Error): PodtrustError {
    return this.#error(`could not be started: ${errorText(cause)}`, { cause });
  }
}
