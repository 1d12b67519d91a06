import type { DemoRunEvent } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import type { Waiting } from "../../core/terminal/index.ts";

/** Says on the screen what happens; log lines go to standard output, the rest to standard error. */
export class JobProgress {
  readonly #context: Pick<CommandContext, "progress" | "output">;
  #wait: Waiting | undefined;
  #waitedFor = "";

  constructor(context: Pick<CommandContext, "progress" | "output">) {
    this.#context = context;
  }

  readonly report = (event: DemoRunEvent): void => {
    const { progress, output } = this.#context;
    if (event.type === "waiting") {
      const { what, reason, deadline } = event;
      if (this.#wait !== undefined && this.#waitedFor === what) return this.#wait.update(reason);
      this.end(true);
      this.#waitedFor = what;
      this.#wait = progress.wait({ what, reason, deadline });
      return undefined;
    }
    if (event.type === "log") {
      output.line(event.line);
      return undefined;
    }
    this.end(true);
    progress.line(event.type === "step" ? event.text : `pod ${event.pod} runs; its log:`);
    return undefined;
  };

  end(good: boolean): void {
    const wait = this.#wait;
    this.#wait = undefined;
    if (good) wait?.done(`waited for ${this.#waitedFor}`);
    else wait?.failed();
  }
}
