import type { CliResult } from "../support/cli.ts";
import type { Recording } from "./recording.ts";
import { ShownRuns, WrittenRuns } from "./shown.ts";

/** What is typed, one after the other; in place of a line the config from then on, what a command has kept, or another's deed. */
export type Steps = readonly (
  | string
  | { readonly config: string }
  | { readonly other: () => unknown }
  | { readonly kept: string; readonly read: () => unknown }
)[];

/** A world in which command lines run, and what it writes is recorded. */
export interface StoryOfStack {
  readonly name: string;
  readonly run: (args: readonly string[]) => Promise<CliResult>;
  readonly config: (text: string) => Promise<void>;
  readonly recording: Recording;
}

/** Runs the steps, and holds what was printed and written. */
export async function hold({ name, run, config, recording }: StoryOfStack, steps: Steps): Promise<void> {
  const [shown, written] = [new ShownRuns(), new WrittenRuns()];
  for (const step of steps) {
    if (typeof step === "string") {
      shown.add(step, await run([...step.split(" "), "--json"]));
      written.add(step, recording.take());
    } else if ("config" in step) await config(step.config);
    else if ("kept" in step) written.add(step.kept, [{ line: "kept", body: step.read() }]);
    else {
      await step.other();
      recording.take();
    }
  }
  shown.hold(name);
  written.hold(name);
}
