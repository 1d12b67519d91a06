import { PodtrustError } from "../../base/index.ts";
import {
  connectionLines,
  connectionsOf,
  type DemoReport,
  type Environment,
  runDemo as playDemo,
  runFromNothing,
  writeDemoConfig,
} from "../../demo/index.ts";
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

/** Leaves it all running and says how to go on with it; with --json in the report's own object. */
async function keepRunning(
  { json, output, signal }: CommandContext,
  environment: Environment,
  report: DemoReport | undefined,
): Promise<void> {
  const config = await writeDemoConfig(environment);
  if (json) output.result({ ...report, connections: connectionsOf(environment, config) });
  else for (const line of connectionLines(environment, config)) output.line(line);
  await untilEnded(signal);
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
  const { output, signal } = context;
  let report: DemoReport | undefined;
  const play = fromNothing === true ? runFromNothing : playDemo;
  await play({
    program: context.program,
    clock: context.clock,
    logger: await context.logger("error"),
    signal,
    onEvent: (event) => {
      printEvent(output, event);
      if (event.kind !== "finished") return;
      report = event.report;
      if (keep === undefined) output.result(report);
    },
    ...(kubeconfig === undefined ? {} : { kubeconfig: context.path(kubeconfig) }),
    ...(name === undefined ? {} : { context: name }),
    ...(keep === undefined
      ? {}
      : {
          keep: (environment) => keepRunning(context, environment, report),
        }),
  });
}
