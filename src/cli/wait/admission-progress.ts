import type { AdmissionWait } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import type { Waiting } from "../../core/terminal/index.ts";

/** A wait for the API server's admission of bindings, on standard error, with its reason and its deadline. */
export class AdmissionProgress {
  readonly #context: CommandContext;
  #waiting: Waiting | undefined;

  constructor(context: CommandContext) {
    this.#context = context;
  }

  async during<T>(work: (wait: AdmissionWait) => Promise<T>): Promise<T> {
    const { clock, signal, progress } = this.#context;
    try {
      const result = await work({
        clock,
        signal,
        onWait: ({ message }, deadline) => {
          const what = "the API server to take bindings";
          this.#waiting ??= progress.wait({ what, reason: message, deadline });
          this.#waiting.update(message);
        },
      });
      this.#waiting?.done();
      return result;
    } catch (error) {
      this.#waiting?.failed();
      throw error;
    }
  }
}
