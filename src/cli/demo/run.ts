import { PodtrustError } from "../../base/index.ts";
import { connectionLines, runDemo as playDemo, runFromNothing } from "../../demo/index.ts";
import type { CommandContext } from "../context.ts";
import { untilEnded } from "../ending.ts";
import { printEvent } from "./printing.ts";

/** What was typed. */
export interface DemoOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly keep?: true;
  readonly fromNothing?: true;
}

/** `podtrust demo`. */
export async function runDemo(
  context: CommandContext,
  { kubeconfig, context: name, keep, fromNothing }: DemoOptions,
): Promise<void> {
  if (kubeconfig === undefined && name !== undefined) {
    throw new PodtrustError("usage", `--context ${name} goes with --kubeconfig`, {
      next: "Name the kubeconfig too, or leave both out for the stand-in cluster.",
    });
  }
  if (fromNothing === true && kubeconfig !== undefined) {
    throw new PodtrustError("usage", "--from-nothing makes a cluster, and --kubeconfig names one", {
      next: "Leave one of them out.",
    });
  }
  const { json, output, progress, signal } = context;
  const play = fromNothing === true ? runFromNothing : playDemo;
  await play({
    program: context.program,
    clock: context.clock,
    logger: await context.logger("error"),
    signal,
    onEvent: (event) => {
      printEvent(output, event);
      if (event.kind === "finished") output.result(event.report);
    },
    ...(kubeconfig === undefined ? {} : { kubeconfig: context.path(kubeconfig) }),
    ...(name === undefined ? {} : { context: name }),
    ...(keep === undefined
      ? {}
      : {
          keep: async (environment) => {
            // With --json standard output is the report's object alone.
            for (const line of connectionLines(environment)) (json ? progress : output).line(line);
            await untilEnded(signal);
          },
        }),
  });
}
