import type { DemoRunEvent } from "../../stack/index.ts";
import type { CommandContext } from "../context.ts";
import type { Waiting } from "../terminal/index.ts";

/** Says on the screen what happens; log lines go to standard output, the rest to standard error. */
export class Telling {
  readonly #context: Pick<CommandContext, "progress" | "output">;
  #wait: Waiting | undefined;

  constructor(context: Pick<CommandContext, "progress" | "output">) {
    this.#context = context;
  }

  readonly tell = (event: DemoRunEvent): void => {
    const { progress, output } = this.#context;
    if (event.type === "waiting") {
      const { reason, deadline } = event;
      if (this.#wait === undefined) this.#wait = progress.wait({ what: "the pod", reason, deadline });
      else this.#wait.update(reason);
      return;
    }
    if (event.type === "log") {
      output.line(event.line);
      return;
    }
    this.end(true);
    progress.line(event.type === "step" ? event.text : `pod ${event.pod} runs; its log:`);
  };

  end(good: boolean): void {
    const wait = this.#wait;
    this.#wait = undefined;
    if (good) wait?.done("waited for the pod");
    else wait?.failed();
  }
}
